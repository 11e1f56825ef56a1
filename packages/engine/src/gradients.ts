import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs `forward` and differentiates its loss with respect to `parameters`, in their order. `tf.variableGrads` gives the loss
 * alone, and frees the rest before the backward pass; here every tensor that `forward` returns lives on, until the caller
 * disposes `results`.
 */
export function withGradients<Results extends { loss: tf.Scalar }>(
  forward: () => Results,
  parameters: readonly tf.Variable[],
): { results: Results; gradients: tf.Tensor[] } {
  let results: Results | undefined;
  const { grads } = tf.variableGrads(() => {
    results = forward();
    for (const tensor of tf.tensor_util.getTensorsInContainer(results as unknown as tf.TensorContainer))
      tf.keep(tensor);
    return results.loss;
  }, [...parameters]);
  return { results: results as Results, gradients: parameters.map(({ name }) => grads[name] as tf.Tensor) };
}

/** The gradients, scaled down together where their common norm exceeds `norm`, as torch's `clip_grad_norm_`. */
export function clippedTo(norm: number, gradients: readonly tf.Tensor[]): tf.Tensor[] {
  const length = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  const scale = tf.minimum(1, tf.div(norm, tf.add(length, 1e-6)));
  return gradients.map((gradient) => tf.mul(gradient, scale));
}

/** The identity, whose backward pass shows `hook` the gradient that flows into x, and what lies `beside` it. */
export const withGradientHook = (
  x: tf.Tensor,
  beside: tf.Tensor,
  hook: (dy: tf.Tensor, beside: tf.Tensor) => void,
): tf.Tensor =>
  tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)([beside]);
    return {
      value: tf.clone(input as tf.Tensor),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => {
        hook(dy, saved as tf.Tensor);
        return tf.clone(dy);
      },
    };
  })(x);
