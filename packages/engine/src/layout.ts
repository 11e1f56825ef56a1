import type { HostTensor } from "@reluctant/stages";
import { takesBytes } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";

/**
 * PyTorch keeps filters as [out, in, h, w], TensorFlow.js as [h, w, in, out]; everything else has the same layout.
 * Only transposes: a value keeps its bits on the way in and out.
 */
export const toDevice = ({ shape, values }: HostTensor): tf.Tensor =>
  tf.tidy(() => {
    const tensor = tf.tensor(values as Float32Array, [...shape], "float32");
    return shape.length === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tensor;
  });

/** The values as they are now, whatever the device computes afterwards. */
export async function toHost(tensor: tf.Tensor): Promise<HostTensor> {
  const torch = tf.tidy(() => (tensor.rank === 4 ? tf.transpose(tensor, [3, 2, 0, 1]) : tf.clone(tensor)));
  try {
    return { shape: torch.shape, values: Float32Array.from(await torch.data<"float32">()) };
  } finally {
    torch.dispose();
  }
}

export type PixelValues = Uint8Array | Int32Array;

/** What a recorded step uploads of images, as `pixelTensor` has them: bytes, or 32-bit integers. */
export const pixelValues = (images: Uint8Array): PixelValues => (takesBytes() ? images : Int32Array.from(images));
