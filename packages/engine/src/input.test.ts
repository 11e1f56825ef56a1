import { augment, pixelTensor } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BackendUnavailableError } from "./backend-unavailable.ts";
import { openBackend } from "./backends.ts";

const cases = fc
  .record({
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    channels: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 3 }),
  })
  .chain((shape) =>
    fc.record({
      shape: fc.constant([shape.height, shape.width, shape.channels] as const),
      images: fc.uint8Array({
        minLength: shape.count * shape.height * shape.width * shape.channels,
        maxLength: shape.count * shape.height * shape.width * shape.channels,
      }),
      augmentations: fc.array(
        fc.record({ dx: fc.integer({ min: -8, max: 8 }), dy: fc.integer({ min: -8, max: 8 }), flip: fc.boolean() }),
        { minLength: shape.count, maxLength: shape.count },
      ),
    }),
  );

const still = { mean: [0, 0, 0], std: [1, 1, 1] };

test.each(["cpu", "torch"] as const)(
  "on %s every pixel comes from where pad, crop and flip put it, and the border is black",
  async (backend) => {
    if (!(await opens(backend))) return expect(backend).toBe("torch");
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, images, augmentations }) => {
        const [height, width, channels] = shape;
        const offsets = augmentations.flatMap(({ dy, dx, flip }) => [dy, dx, Number(flip)]);
        const out = tf.tidy(() =>
          augment(
            pixelTensor(images, [augmentations.length, ...shape]),
            tf.tensor2d(offsets, [augmentations.length, 3], "int32"),
            { mean: still.mean.slice(0, channels), std: still.std.slice(0, channels) },
          ),
        );
        const values = await out.data();
        out.dispose();
        const at = (n: number, y: number, x: number, c: number) => ((n * height + y) * width + x) * channels + c;
        augmentations.forEach(({ dx, dy, flip }, n) => {
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              for (let c = 0; c < channels; c++) {
                const fromX = (flip ? width - 1 - x : x) + dx;
                const inside = y + dy >= 0 && y + dy < height && fromX >= 0 && fromX < width;
                const pixel = inside ? (images[at(n, y + dy, fromX, c)] as number) : 0;
                expect(values[at(n, y, x, c)]).toBe(Math.fround(pixel / 255));
              }
            }
          }
        });
      }),
    );
  },
);

const opens = (backend: "cpu" | "torch"): Promise<boolean> =>
  openBackend({ backend, threads: 1, precision: "fp32" }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof BackendUnavailableError) return false;
      throw error;
    },
  );
