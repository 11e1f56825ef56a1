import * as tf from "@tensorflow/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { countOperators, setThreads } from "../index.ts";
import { noise, on, relativeError } from "../testing.ts";
import { whereTorch } from "../where-torch.ts";

type Padding = "same" | "valid" | number | [[number, number], [number, number], [number, number], [number, number]];
interface Case {
  x: [number, number, number, number];
  channels: number;
  pad: Padding;
}

const uneven: Padding = [
  [0, 0],
  [1, 0],
  [0, 2],
  [0, 0],
];
const cases: Record<string, Case> = {
  "an even map": { x: [6, 8, 6, 32], channels: 48, pad: "same" },
  "an odd map": { x: [8, 5, 7, 32], channels: 32, pad: "same" },
  "no padding": { x: [22, 6, 5, 48], channels: 32, pad: "valid" },
  "wide padding": { x: [9, 4, 3, 32], channels: 80, pad: 2 },
  "uneven padding": { x: [11, 5, 6, 32], channels: 64, pad: uneven },
  "a single place": { x: [256, 1, 1, 32], channels: 48, pad: "same" },
  "more tiles than are taken at a time": { x: [20, 8, 8, 32], channels: 32, pad: "same" },
};

describe("convolutions of 3×3 at stride 1, and their gradients", whereTorch, () => {
  afterAll(() => setThreads(1));

  it.each(Object.entries(cases))(
    "are those of float64 within 8 units of float32's last place: %s",
    async (_, given) => {
      const expected = inFloat64(given);
      for (const threads of [1, 2, 3]) {
        setThreads(threads);
        const { found, operators } = await onTorch(given);
        expect(operators).toMatchObject({
          "winograd::convolution": 1,
          "winograd::data_gradient": 1,
          "winograd::filter_gradient": 1,
        });
        for (const [i, values] of found.entries())
          expect(relativeError(values, expected[i] as Float64Array)).toBeLessThan(8 * 2 ** -23);
      }
    },
  );

  it("have the same bits each time", async () => {
    const given = cases["more tiles than are taken at a time"] as Case;
    expect((await onTorch(given)).found).toEqual((await onTorch(given)).found);
  });

  it("take a filter and maps as they lie", async () => {
    const x = noise([7, 32, 7, 6], 1) as tf.Tensor4D; // NCHW
    const run = () => tf.conv2d(x, tf.transpose(noise([3, 3, 48, 32], 2), [0, 1, 3, 2]) as tf.Tensor4D, 1, 1, "NCHW");
    const nhwc = () => {
      const filter = tf.transpose(noise([3, 3, 48, 32], 2), [0, 1, 3, 2]) as tf.Tensor4D;
      return tf.transpose(tf.conv2d(tf.transpose(x, [0, 2, 3, 1]) as tf.Tensor4D, filter, 1, 1), [0, 3, 1, 2]);
    };
    const [expected, actual] = [await on("cpu", () => nhwc().data()), await on("torch", () => run().data())];
    expect(relativeError(actual, expected)).toBeLessThan(1e-6);
  });
});

const operandsOf = ({ x, channels, pad }: Case) => {
  const filter = noise([3, 3, x[3], channels], 2, 0.1) as tf.Tensor4D;
  return { x: noise(x, 1) as tf.Tensor4D, filter, pad: pad as "same" };
};

/** y, dx and dFilter for a dy that is noise, too. */
async function onTorch(given: Case) {
  let found: Float32Array[] = [];
  const operators = await on("torch", async () => {
    const { x, filter, pad } = operandsOf(given);
    const counts = await countOperators(async () => {
      const { value, grads } = tf.valueAndGrads((x: tf.Tensor, filter: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, pad),
      )([x, filter], noise(outShape(given), 3) as tf.Tensor4D);
      found = (await Promise.all([value, ...grads].map((t) => t.data()))) as Float32Array[];
      tf.dispose([value, ...grads]);
    });
    return counts.operators;
  });
  return { found, operators };
}

const padsOf = ({ pad }: Case): number[] => {
  if (pad === "same") return [1, 1, 1, 1];
  if (pad === "valid") return [0, 0, 0, 0];
  return typeof pad === "number" ? [pad, pad, pad, pad] : [...pad[1], ...pad[2]];
};

function outShape(given: Case): [number, number, number, number] {
  const [top, bottom, left, right] = padsOf(given) as [number, number, number, number];
  const [batch, height, width] = given.x;
  return [batch, height + top + bottom - 2, width + left + right - 2, given.channels];
}

/** By the definition. */
function inFloat64(given: Case): Float64Array[] {
  const [batch, height, width, channels] = given.x;
  const [, outHeight, outWidth, outChannels] = outShape(given);
  const [top, , left] = padsOf(given) as [number, number, number];
  const { x, filter } = operandsOf(given);
  const [xs, fs, dys] = [x, filter, noise(outShape(given), 3)].map((t) => t.dataSync()) as Float32Array[] as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [y, dx, dFilter] = [dys, xs, fs].map(({ length }) => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let n = 0; n < batch; n++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let ky = 0; ky < 3; ky++)
          for (let kx = 0; kx < 3; kx++) {
            const [iy, ix] = [oy + ky - top, ox + kx - left];
            if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
            const to = ((n * outHeight + oy) * outWidth + ox) * outChannels;
            const from = ((n * height + iy) * width + ix) * channels;
            for (let c = 0; c < channels; c++) {
              const at = ((ky * 3 + kx) * channels + c) * outChannels;
              for (let k = 0; k < outChannels; k++) {
                const [a, f, d] = [xs[from + c], fs[at + k], dys[to + k]] as [number, number, number];
                y[to + k] = (y[to + k] as number) + a * f;
                dx[from + c] = (dx[from + c] as number) + d * f;
                dFilter[at + k] = (dFilter[at + k] as number) + d * a;
              }
            }
          }
  return [y, dx, dFilter];
}
