import { uint32 } from "@reluctant/relu";
import type { StageData } from "@reluctant/stages";

/** 40 training, 10 validation and 12 test images of 8×8×3 in 4 classes that differ in brightness: for tests. */
export function testData(): StageData {
  const sizes = { train: 40, validation: 10, test: 12 };
  const splits = Object.keys(sizes);
  return {
    version: "0".repeat(64),
    classes: ["a", "b", "c", "d"],
    inputShape: [8, 8, 3],
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
    size: (split) => sizes[split],
    batch(split, indices) {
      const pixel = (sample: number, place: number) => {
        const noise = uint32({ seed: splits.indexOf(split), stream: 99, epoch: sample, index: place }) % 128;
        return noise + 32 * (sample % 4);
      };
      return {
        images: Uint8Array.from({ length: indices.length * 192 }, (_, i) =>
          pixel(indices[Math.floor(i / 192)] as number, i % 192),
        ),
        labels: Int32Array.from(indices, (sample) => sample % 4),
      };
    },
  };
}
