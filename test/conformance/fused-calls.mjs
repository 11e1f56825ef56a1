/** One sensible call of each operation that TensorFlow.js' specs know nothing of: the training operations, and one left out. */
export function callFused(tf, ops) {
  const isTest = tf.env().getBool("IS_TEST");
  tf.env().set("IS_TEST", false); // in tests TensorFlow.js takes what a custom gradient saves for a leak
  const values = {};
  tf.tidy(() => {
    const x = tf.randomNormal([2, 3, 3, 4]);
    const y = tf.randomNormal([2, 3, 3, 4]);
    const [gamma, beta, mean, variance] = [tf.ones([4]), tf.zeros([4]), tf.zeros([4]), tf.ones([4])];
    const logits = tf.randomNormal([2, 5]);
    const labels = tf.tensor1d([1, 4], "int32");
    const variable = (shape, fill = 0) => {
      const v = tf.variable(tf.fill(shape, fill));
      values[v.id] = v;
      return v;
    };
    for (const mask of [tf.ones([3, 3, 4]), null]) {
      tf.grads((a, b) => ops.maskedRelu(ops.addMaskedRelu(a, b, mask), mask))([x, y]);
      tf.grads((x, gamma, beta) => ops.batchNormMaskedRelu(x, gamma, beta, mask).y)([x, gamma, beta]);
      tf.grads((x, gamma, beta, r) => ops.batchNormAddMaskedRelu(x, gamma, beta, r, mask).y)([x, gamma, beta, y]);
      ops.affineMaskedRelu({ x, scale: gamma, shift: beta, residual: y, mask });
      ops.affineMaskedRelu({ x, scale: gamma, shift: beta, residual: null, mask });
    }
    tf.grads((x, gamma, beta) => ops.batchNormTrain(x, gamma, beta).y)([x, gamma, beta]);
    ops.batchNorm(x, gamma, beta, variable([4]), variable([4], 1), { training: true });
    ops.foldBatchNorm(tf.randomNormal([3, 3, 4, 4]), { gamma, beta, mean, variance });
    tf.grad((z) => ops.softmaxCrossEntropy(z, labels))(logits);
    tf.grad((z) => ops.klDivergence(tf.mul(logits, 2), z, 4))(logits);
    tf.grad((z) => ops.attentionMismatch(x, z))(y);
    tf.grad((z) => ops.rawMismatch(x, z))(y);
    const guard = ops.allFinite([x, y]);
    const [p, q] = [variable([3, 3, 4, 2], 1), variable([4], 1)];
    ops.sgdStep({
      params: [p, q],
      grads: [tf.ones(p.shape), tf.ones(q.shape)],
      momenta: [variable(p.shape), variable(q.shape)],
      patterns: [null, tf.ones(q.shape)],
      ...{ lr: 0.1, momentum: 0.9, weightDecay: 0.01, guard },
    });
    ops.commitStatistics({
      runningMeans: [variable([4])],
      runningVariances: [variable([4], 1)],
      ...{ batchMeans: [mean], batchVariances: [variance], counts: [18], guard },
    });
    const sum = variable([3, 3, 4]);
    ops.absDiffAccumulate(sum, x, y);
    ops.negPartAccumulate(sum, x);
    ops.commitSums({ sums: [sum], pending: [ops.absDiffSum(x, y)], guard });
    const images = ops.pixelTensor(new Uint8Array(2 * 4 * 4 * 3).fill(7), [2, 4, 4, 3]);
    const offsets = tf.tensor2d([0, 1, 1, -1, 0, 0], [2, 3], "int32");
    ops.augment(images, offsets, { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    ops.topMask(tf.randomNormal([3, 3, 4]), 5);
    tf.image.rotateWithOffset(x, 0.1);
  });
  tf.dispose(Object.values(values));
  tf.env().set("IS_TEST", isTest);
}
