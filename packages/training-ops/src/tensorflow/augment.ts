/** From bytes to what a network reads, on the host: TensorFlow's operators would gather each of its values by itself. */
import type { Kernels } from "@reluctant/tfjs-backend-tensorflow";
import * as tf from "@tensorflow/tfjs-core";
import { levels } from "../augment.ts";

export const augmentKernels: Kernels = {
  TrainingAugment: (_, { pixels, offsets }, normalization) => {
    const [batch, height, width, channels] = (pixels as tf.Tensor4D).shape;
    const [bytes, moves, table] = [
      pixels.dataSync() as Uint8Array,
      offsets.dataSync() as Int32Array,
      levels(normalization),
    ];
    const values = new Float32Array(bytes.length);
    let to = 0;
    for (let image = 0; image < batch; image++) {
      const [dy, dx, flip] = moves.subarray(3 * image) as unknown as [number, number, number];
      for (let row = 0; row < height; row++) {
        const y = row + dy;
        for (let column = 0; column < width; column++) {
          const x = (flip ? width - 1 - column : column) + dx;
          const isInside = y >= 0 && y < height && x >= 0 && x < width;
          const from = ((image * height + y) * width + x) * channels;
          for (let channel = 0; channel < channels; channel++) {
            const byte = isInside ? (bytes[from + channel] as number) : 0;
            values[to++] = table[256 * channel + byte] as number;
          }
        }
      }
    }
    return tf.tensor4d(values, pixels.shape);
  },
};
