import * as tf from "@tensorflow/tfjs-core";

/** A second wrapper would shift what the first one has. */
let registered = false;

/**
 * The gradient of max-pooling for the wasm backend. Its own (4.22.0) loses the largest value of a window of negative ones,
 * which units without their ReLU give; so it is shown values that are all above zero, the largest at the same places.
 */
export function registerShiftedPoolGradient(backendName: "wasm"): void {
  if (registered) return;
  registered = true;
  const own = tf.getKernel("MaxPoolGrad", backendName);
  tf.unregisterKernel("MaxPoolGrad", backendName);
  tf.registerKernel({
    ...own,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const input = inputs.input as tf.Tensor;
      const shifted = tf.tidy(() => tf.add(tf.sub(input, tf.min(input)), 1));
      const gradient = own.kernelFunc({ inputs: { ...inputs, input: shifted }, attrs, backend });
      shifted.dispose();
      return gradient;
    },
  });
}
