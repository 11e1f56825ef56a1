import * as tf from "@tensorflow/tfjs-core";

/**
 * The gradient of a convolution's filter, for backends that lack it (wasm), composed of kernels that they have: each
 * filter tap's input window as a row block of one matrix (im2col), times the output's gradient. NHWC, dilation 1.
 */
export function registerConvolutionGradients(backendName: string): void {
  if (tf.getKernel("Conv2DBackpropFilter", backendName)) return;
  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
      const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as FilterGradientAttributes;
      return filterGradient(x, dy, tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode));
    },
  });
}

interface FilterGradientAttributes {
  strides: number | [number, number];
  pad: "valid" | "same" | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
  filterShape: [number, number, number, number];
}

function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor4D {
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterHeight, filterWidth, padInfo } = info;
  const { strideHeight, strideWidth } = info;
  const positions = batchSize * outHeight * outWidth;
  return tf.tidy(() => {
    const padded = tf.pad(x, [[0, 0], [padInfo.top, padInfo.bottom], [padInfo.left, padInfo.right], [0, 0]]);
    const channelsFirst = tf.transpose(padded, [3, 0, 1, 2]);
    const windows = Array.from({ length: filterHeight * filterWidth }, (_, tap) => {
      const top = Math.floor(tap / filterWidth);
      const left = tap % filterWidth;
      const end = [inChannels, batchSize, top + (outHeight - 1) * strideHeight + 1, left + (outWidth - 1) * strideWidth + 1];
      const window = tf.stridedSlice(channelsFirst, [0, 0, top, left], end, [1, 1, strideHeight, strideWidth]);
      return tf.reshape(window, [inChannels, positions]);
    });
    const filter = tf.matMul(tf.concat(windows, 0), tf.reshape(dy, [positions, outChannels]));
    return tf.reshape(filter, [filterHeight, filterWidth, inChannels, outChannels]);
  });
}
