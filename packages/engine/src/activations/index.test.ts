import type { Activation } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "../backends.ts";
import { gaussianFit } from "./gaussian-fit.ts";
import { activationOnDevice, type DeviceActivation } from "./index.ts";

beforeAll(() => openBackend({ backend: "cpu", threads: 1, precision: "fp32" }));

type Shape = [number, number, number];
const shape: Shape = [2, 3, 4];
const units = 24;
/** Numbers without structure in [−1, 1], none near 0, where a ReLU has no slope. */
const values = (count: number, salt: number) =>
  Float32Array.from({ length: count }, (_, i) => {
    const value = Math.sin(12.9 * (i + 1) + 78.2 * salt);
    return value + 0.05 * Math.sign(value);
  });
const batch = (salt = 1) => tf.tensor4d(values(2 * units, salt), [2, ...shape]);
const always = () => tf.scalar(true, "bool");

const kinds: [string, Exclude<Activation, { kind: "masked-relu" }>][] = [
  ["soft mask", { kind: "soft-mask" }],
  ["polynomial", { kind: "polynomial", share: values(units, 3).map(Math.abs), coefficients: values(12, 4) }],
  ["scored mask", { kind: "scored-mask", scores: values(units, 5), hysteresis: 0.003 }],
];

/** Σ of y times fixed weights, whose gradient is not the same everywhere. */
const loss = (activation: DeviceActivation, x: tf.Tensor4D): tf.Scalar => tf.sum(tf.mul(activation.apply(x), batch(7)));

/** Largest difference between a gradient and central differences of `f` at `at`. */
async function error(gradient: tf.Tensor, f: (x: tf.Tensor) => tf.Scalar, at: tf.Tensor): Promise<number> {
  const analytic = await gradient.data();
  const point = Float32Array.from(await at.data());
  const h = 1e-2;
  const moved = (i: number, by: number) => {
    const values = point.slice();
    values[i] = (values[i] as number) + by;
    return tf.tidy(() => f(tf.tensor(values, at.shape)).dataSync()[0] as number);
  };
  return Math.max(...analytic.map((g, i) => Math.abs(g - (moved(i, h) - moved(i, -h)) / (2 * h))));
}

describe.each(kinds)("the %s", (_, kind) => {
  it("has the slope of its values as gradient in what enters", async () => {
    const activation = activationOnDevice(kind, shape);
    activation.updateState(null, always()); // the scored mask's indicators follow their scores: some ReLUs are gone
    const f = (x: tf.Tensor) => loss(activation, x as tf.Tensor4D);
    expect(await error(tf.grad(f)(batch()), f, batch())).toBeLessThan(2e-3);
  });

  it("keeps its values through a save and a load", async () => {
    const [one, other] = [activationOnDevice(kind, shape), activationOnDevice(kind, shape)];
    for (const [name, variable] of one.variables) {
      variable.assign(tf.tensor(values(variable.size, 9), variable.shape));
      other.variables.get(name)?.assign(variable);
    }
    expect(await other.apply(batch()).data()).toEqual(await one.apply(batch()).data());
  });
});

describe("the soft mask", () => {
  it("starts as ReLU, is linear at slope 0, and has exact gradients in its slopes and their L1 norm", async () => {
    const mask = activationOnDevice({ kind: "soft-mask" }, shape);
    const slopes = mask.variables.get("slope") as tf.Variable;
    expect(await mask.apply(batch()).data()).toEqual(await tf.relu(batch()).data());
    for (const f of [() => loss(mask, batch()), () => mask.reluPenalty() as tf.Scalar]) {
      const gradient = tf.variableGrads(f, [slopes]).grads[slopes.name] as tf.Tensor;
      const at = tf.clone(slopes);
      const moved = (c: tf.Tensor) => {
        slopes.assign(c as tf.Tensor);
        return f();
      };
      expect(await error(gradient, moved, at)).toBeLessThan(2e-3);
      slopes.assign(at);
    }
    slopes.assign(tf.zeros([...shape]));
    expect(await mask.apply(batch()).data()).toEqual(await batch().data());
  });
});

describe("the scored mask", () => {
  const hysteresis = 0.003;
  const at = (score: number) =>
    activationOnDevice({ kind: "scored-mask", scores: Float32Array.of(score), hysteresis }, [1, 1, 1]);
  const indicatorOf = async (mask: DeviceActivation) =>
    (await (mask.variables.get("indicator") as tf.Variable).data())[0];

  it("flips only beyond the hysteresis, and stays where it is within it", async () => {
    const mask = at(0.5);
    const scores = mask.variables.get("score") as tf.Variable;
    const seen: (number | undefined)[] = [];
    for (const score of [0.002, -0.002, -0.004, -0.002, 0.002, 0.004, -0.002]) {
      scores.assign(tf.tensor([score], [1, 1, 1]));
      mask.updateState(null, always());
      seen.push(await indicatorOf(mask));
    }
    expect(seen).toEqual([1, 1, 0, 0, 0, 1, 1]);
  });

  it("passes to the score what the mask would get, times the slope of softplus", async () => {
    const mask = activationOnDevice({ kind: "scored-mask", scores: values(units, 5), hysteresis }, shape);
    const scores = mask.variables.get("score") as tf.Variable;
    const gradient = (f: () => tf.Scalar) => tf.variableGrads(f, [scores]).grads[scores.name] as tf.Tensor;
    const slope = tf.sigmoid(scores);
    expect(await gradient(() => mask.reluPenalty() as tf.Scalar).data()).toEqual(await slope.data());
    // Where every ReLU is kept y = relu + (1 − m)(q − relu), so ∂/∂m is relu − q.
    const q = await polynomialValues(mask);
    const wanted = tf.mul(slope, tf.sum(tf.mul(batch(7), tf.sub(tf.relu(batch()), q)), 0));
    const got = await gradient(() => loss(mask, batch())).data();
    expect(Math.max(...(await wanted.data()).map((w, i) => Math.abs(w - (got[i] as number))))).toBeLessThan(1e-5);
  });

  it("computes the fit to its channels' running moments where a ReLU is gone, and learns nothing from a bad step", async () => {
    const mask = activationOnDevice({ kind: "scored-mask", scores: values(units, 5), hysteresis }, shape);
    const { mean, variance } = tf.moments(batch(), [0, 1, 2]);
    mask.updateState({ mean: tf.fill([4], Number.NaN), variance }, tf.scalar(false, "bool"));
    for (let step = 0; step < 200; step++) tf.tidy(() => mask.updateState({ mean, variance }, always()));
    const coefficients = await (mask.variables.get("coefficients") as tf.Variable).data();
    const wanted = await gaussianFit(mean, variance).data();
    expect(Math.max(...wanted.map((w, i) => Math.abs(w - (coefficients[i] as number))))).toBeLessThan(1e-5);
    const kept = await tf.sum(mask.variables.get("indicator") as tf.Variable).data();
    expect(kept[0]).toBe(values(units, 5).filter((score) => score > 0).length);
  });

  async function polynomialValues(mask: DeviceActivation): Promise<tf.Tensor> {
    const [c0, c1, c2] = tf.unstack(mask.variables.get("coefficients") as tf.Variable) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const x = batch();
    return tf.add(c0, tf.mul(x, tf.add(c1, tf.mul(c2, x))));
  }
});

describe("the Gaussian fit", () => {
  /** ∫ density(t) · (relu(μ + σt) − q)² dt, by the midpoint rule over ±8 deviations. */
  const missed = (mean: number, deviation: number, [c0, c1, c2]: readonly number[]) => {
    let sum = 0;
    for (let i = 0; i < 4_000; i++) {
      const t = (i + 0.5) / 250 - 8;
      const x = mean + deviation * t;
      const q = (c0 as number) + (c1 as number) * x + (c2 as number) * x * x;
      sum += Math.exp((-t * t) / 2) * (Math.max(x, 0) - q) ** 2;
    }
    return sum;
  };

  it.each([
    [0, 1],
    [0.7, 0.5],
    [-1.2, 0.8],
    [2, 3],
  ])("of mean %s and deviation %s is nearer to ReLU than any polynomial beside it", async (mean, deviation) => {
    const fit = [...(await gaussianFit(tf.tensor1d([mean]), tf.tensor1d([deviation ** 2])).data())];
    const least = missed(mean, deviation, fit);
    for (const i of [0, 1, 2]) {
      for (const by of [-0.01, 0.01]) {
        const beside = fit.with(i, (fit[i] as number) + by);
        expect(missed(mean, deviation, beside)).toBeGreaterThan(least);
      }
    }
  });

  it("of the standard normal is close to DELPHI's quadratic, and stays bounded where nothing varies", async () => {
    const [c0, c1, c2] = await gaussianFit(tf.tensor1d([0]), tf.tensor1d([1])).data();
    expect([c0, c1, c2].map((c) => (c as number).toFixed(4))).toEqual(["0.1995", "0.5000", "0.1995"]);
    const still = await gaussianFit(tf.tensor1d([3]), tf.tensor1d([0])).data();
    expect([...still].every(Number.isFinite)).toBe(true);
  });
});
