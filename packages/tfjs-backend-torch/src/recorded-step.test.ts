import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { type Received, recordStep, torchInfo } from "./index.ts";
import { type Mode, noise, on } from "./testing.ts";
import { whereTorch } from "./where-torch.ts";

type Batch = Record<"images" | "lr", Float32Array> & { labels: Int32Array };

/** A small network in TensorFlow.js' own operations, and one training step of it. Equal networks each time. */
function makeTraining() {
  const shapes = [
    [3, 3, 3, 4],
    [3, 3, 4, 8],
    [8, 5],
  ];
  const params = tf.tidy(() => shapes.map((shape, i) => tf.variable(noise(shape, i + 1, 0.3))));
  const [first, second, dense] = params as unknown as [tf.Tensor4D, tf.Tensor4D, tf.Tensor2D];
  const train = ({ images, labels, lr }: Received<Batch>) => {
    const { value, grads } = tf.variableGrads(() => {
      const x = tf.reshape(images, [-1, 8, 8, 3]) as tf.Tensor4D;
      const y = tf.relu(tf.conv2d(tf.relu(tf.conv2d(x, first, 1, "same")), second, 2, "same"));
      const logits = tf.matMul(tf.mean<tf.Tensor2D>(y, [1, 2]), dense);
      return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 5), logits) as tf.Scalar;
    }, params);
    for (const p of params) p.assign(tf.sub(p, tf.mul(grads[p.name] as tf.Tensor, lr)));
    return { loss: value };
  };
  return { params, train };
}

const replays = (count: number) => ["recording", "recording", ...Array(count).fill("replay")];

describe.each<Mode>(["sync", "async"])("a recorded step, %s", whereTorch, (mode) => {
  const it_ = (name: string, test: () => Promise<void>, timeout?: number) =>
    it(name, () => on("torch", test, mode), timeout);

  it_("gives the eager bits: of what it returns, and of variables that it assigns", async () => {
    const [eager, recorded] = [makeTraining(), makeTraining()];
    const step = recordStep<Batch, "loss">(recorded.train);
    const modes: string[] = [];
    for (let i = 0; i < 8; i++) {
      const images = tf.tidy(() => noise([6 * 192], 10 + i).dataSync()) as Float32Array;
      const labels = Int32Array.from({ length: 6 }, (_, at) => (at + i) % 5);
      const lr = Float32Array.of(0.1 / (i + 1));
      const { loss } = tf.tidy(() =>
        eager.train({ images: tf.tensor1d(images), labels: tf.tensor1d(labels, "int32"), lr: tf.tensor1d(lr) }),
      );
      expect(await step.run({ images, labels, lr })).toEqual({ loss: await loss.data() });
      modes.push(step.mode);
      loss.dispose();
    }
    expect(modes).toEqual(replays(6));
    for (const [i, p] of eager.params.entries()) expect(recorded.params[i]?.dataSync()).toEqual(p.dataSync());
    step.dispose();
    tf.dispose([eager.params, recorded.params]);
  });

  it_("rejects with what a failing operator says, names the shapes, and works afterwards", async () => {
    const table = tf.variable(tf.tensor1d([10, 20, 30]));
    const step = recordStep<{ at: Int32Array }, "picked">(({ at }) => ({
      picked: tf.gather(table, tf.cast(at, "int32")),
    }));
    const pick = async (...at: number[]) => (await step.run({ at: Int32Array.from(at) })).picked;
    const bad = /^aten::index_select: .*id=100.* \(self float\[1, 3, 1\], index int\[2\]\)/;
    for (const _ of replays(2)) {
      await expect(pick(0, 100)).rejects.toThrow(bad);
      expect(Array.from(await pick(2, 1))).toEqual([30, 20]);
    }
    expect(step.mode).toBe("replay");
    await expect(pick(0, 100)).rejects.toThrow(bad);
    step.dispose();
    table.dispose();
  });

  it_("leaves a variable its value when a run fails that would have assigned it, recorded or replayed", async () => {
    const table = tf.tensor1d([10, 20, 30]);
    const last = tf.variable(tf.tensor1d([0, 0]));
    const tensors = tf.memory().numTensors;
    const step = recordStep<{ at: Int32Array }, "picked">(({ at }) => {
      last.assign(tf.add(last, 1));
      const picked = tf.gather(table, at);
      last.assign(tf.add(last, picked));
      return { picked };
    });
    const pick = (...at: number[]) => step.run({ at: Int32Array.from(at) });
    for (const [i, mode] of replays(1).entries()) {
      await expect(pick(0, 100)).rejects.toThrow("aten::index_select");
      expect(Array.from(last.dataSync()), mode).toEqual([31 * i, 21 * i]);
      await pick(2, 1);
    }
    expect(step.mode).toBe("replay");
    expect(tf.memory().numTensors).toBe(tensors);
    step.dispose();
    tf.dispose([table, last]);
  });

  it_("needs no more memory while it records than when it replays", async () => {
    const size = 2 ** 20;
    const w = tf.variable(tf.ones([size]));
    const chained = () => {
      let y: tf.Tensor = w;
      for (let i = 0; i < 16; i++) y = tf.exp(tf.neg(y));
      return { y: tf.sum(y) };
    };
    const step = recordStep(chained);
    const before = torchInfo().allocatedBytes;
    const peaks: number[] = [];
    for (let i = 0; i < 3; i++) {
      await step.run({});
      peaks.push(torchInfo().peakBytes - before);
    }
    expect(step.mode).toBe("replay");
    expect(Math.max(...peaks)).toBeLessThan(4 * 4 * size); // 33 tensors of 4 MB otherwise
    step.dispose();
    w.dispose();
  });

  it_("rejects when memory runs out, and works afterwards", async () => {
    const step = recordStep<{ x: Float32Array; n: number }, "y">(({ x, n }) => ({
      y: tf.sum(tf.matMul(tf.ones([n, 1]), tf.mul(tf.ones<tf.Rank.R2>([1, n]), x))),
    }));
    for (const _ of replays(1)) {
      await expect(step.run({ x: Float32Array.of(2), n: 2 ** 21 })).rejects.toThrow(
        /^aten::\w+: out of memory \(.*float\[2097152, 1\].*float\[1, 2097152\]/,
      );
      expect((await step.run({ x: Float32Array.of(2), n: 3 })).y).toEqual(Float32Array.of(18));
    }
    expect(step.mode).toBe("replay");
    step.dispose();
  });

  it_("runs beside another one, and is disposed of in flight", async () => {
    const sum = tf.variable(tf.scalar(0));
    const add = recordStep<{ x: Float32Array }, "sum">(({ x }) => {
      sum.assign(tf.add(sum, tf.sum(x)));
      return { sum };
    });
    const double = recordStep(() => {
      sum.assign(tf.mul(sum, 2));
      return { sum };
    });
    const seen: number[] = [];
    for (let i = 0; i < 5; i++) {
      const both = [add.run({ x: Float32Array.of(i, 1) }), double.run({})];
      if (i === 4) for (const step of [add, double]) step.dispose();
      for (const { sum } of await Promise.all(both)) seen.push(sum[0] as number);
    }
    expect(seen).toEqual([1, 2, 4, 8, 11, 22, 26, 52, 57, 114]);
    sum.dispose();
  });

  it_("lets two runs be in flight and keeps their order", async () => {
    const total = tf.variable(tf.scalar(1));
    const step = recordStep<{ x: Float32Array }, "total">(({ x }) => {
      total.assign(tf.add(tf.mul(total, 2), tf.sum(x)));
      return { total };
    });
    const order: number[] = [];
    const runs = Array.from({ length: 8 }, (_, i) =>
      step.run({ x: Float32Array.of(i) }).then(({ total }) => {
        order.push(i);
        return total[0];
      }),
    );
    expect(step.mode).toBe("recording"); // the third has not begun
    expect(await Promise.all(runs)).toEqual([2, 5, 12, 27, 58, 121, 248, 503]);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(step.mode).toBe("replay");
    step.dispose();
    total.dispose();
  });

  it_("stays eager, and says why, where a replay would be wrong", async () => {
    let count = 0;
    const outside = tf.tensor1d([1, 2]);
    const variable = tf.variable(tf.scalar(1));
    const kept: tf.Tensor[] = [];
    const cases: [() => tf.Tensor, RegExp][] = [
      [() => tf.add(outside, count++), /^command \d+, aten::|^constant 0 /],
      [() => (count++ % 2 ? tf.exp(outside) : tf.abs(outside)), /^command 0, aten::(exp|abs)/],
      [() => tf.randomUniform([2]), /^constant 0 of 1 has another value/],
      [() => tf.mul(outside, (outside.dataSync()[0] as number) + count++), /reads values/],
      [() => tf.exp(kept[kept.push(tf.keep(tf.neg(outside))) - 1] as tf.Tensor), /keeps 1 tensors/],
    ];
    for (const [f, reason] of cases) {
      const step = recordStep(() => ({ y: f() }));
      for (let i = 0; i < 6; i++) await step.run({});
      expect(`${step.mode}: ${step.reason}`).toMatch(/^eager: /);
      expect(step.reason).toMatch(reason);
      step.dispose();
    }
    tf.dispose([outside, variable, kept]);
  });

  it_("records again when a tensor from outside is replaced or gone", async () => {
    let mask = tf.tensor1d([0, 1]);
    const step = recordStep<{ x: Float32Array }, "y">(({ x }) => ({ y: tf.mul(x, mask) }));
    const run = async () => Array.from((await step.run({ x: Float32Array.of(3, 4) })).y);
    for (const mode of replays(2)) {
      expect([await run(), step.mode]).toEqual([[0, 4], mode]);
    }
    mask.dispose();
    mask = tf.tensor1d([1, 0]);
    for (const mode of replays(2)) {
      expect([await run(), step.mode]).toEqual([[3, 0], mode]);
    }
    step.dispose();
    mask.dispose();
  });
});

it("a recorded step is eager on other backends", async () => {
  await on("cpu", async () => {
    const step = recordStep<{ x: Float32Array }, "y">(({ x }) => ({ y: tf.mul(x, 2) }));
    for (let i = 0; i < 4; i++) expect(Array.from((await step.run({ x: Float32Array.of(i) })).y)).toEqual([2 * i]);
    expect(step.mode).toBe("eager");
    expect(step.reason).toMatch(/torch/);
  });
});
