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
