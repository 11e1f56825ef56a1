import fc from "fast-check";
import { expect, test } from "vitest";
import { augmentBatch } from "./augment.ts";

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

test("every pixel comes from where pad, crop and flip put it, and the border is black", () => {
  fc.assert(
    fc.property(cases, ({ shape, images, augmentations }) => {
      const [height, width, channels] = shape;
      const out = augmentBatch(images, shape, augmentations);
      const at = (n: number, y: number, x: number, c: number) => ((n * height + y) * width + x) * channels + c;
      augmentations.forEach(({ dx, dy, flip }, n) => {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            for (let c = 0; c < channels; c++) {
              const fromX = (flip ? width - 1 - x : x) + dx;
              const inside = y + dy >= 0 && y + dy < height && fromX >= 0 && fromX < width;
              expect(out[at(n, y, x, c)]).toBe(inside ? images[at(n, y + dy, fromX, c)] : 0);
            }
          }
        }
      });
    }),
  );
});

test("a batch of another length than its augmentations is refused", () => {
  expect(() => augmentBatch(new Uint8Array(12), [2, 2, 3], [])).toThrow("12 bytes are not 0 images of 2×2×3");
});
