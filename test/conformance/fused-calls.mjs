/** One sensible call of each operation that TensorFlow.js' specs know nothing of: the backend's own, and one left out. */
export function callFused(tf, torch) {
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
      tf.grads((a, b) => torch.maskedRelu(torch.addMaskedRelu(a, b, mask), mask))([x, y]);
      tf.grads((x, gamma, beta) => torch.batchNormMaskedRelu(x, gamma, beta, mask).y)([x, gamma, beta]);
      tf.grads((x, gamma, beta, r) => torch.batchNormAddMaskedRelu(x, gamma, beta, r, mask).y)([x, gamma, beta, y]);
      torch.affineMaskedRelu({ x, scale: gamma, shift: beta, residual: y, mask });
      torch.affineMaskedRelu({ x, scale: gamma, shift: beta, residual: null, mask });
    }
    tf.grads((x, gamma, beta) => torch.batchNormTrain(x, gamma, beta).y)([x, gamma, beta]);
    torch.batchNorm(x, gamma, beta, variable([4]), variable([4], 1), { training: true });
    torch.foldBatchNorm(tf.randomNormal([3, 3, 4, 4]), { gamma, beta, mean, variance });
    tf.grad((z) => torch.softmaxCrossEntropy(z, labels))(logits);
    tf.grad((z) => torch.klDivergence(tf.mul(logits, 2), z, 4))(logits);
    tf.grad((z) => torch.attentionMismatch(x, z))(y);
    tf.grad((z) => torch.rawMismatch(x, z))(y);
    const guard = torch.allFinite([x, y]);
    const [p, q] = [variable([3, 3, 4, 2], 1), variable([4], 1)];
    torch.sgdStep({
      params: [p, q],
      grads: [tf.ones(p.shape), tf.ones(q.shape)],
      momenta: [variable(p.shape), variable(q.shape)],
      patterns: [null, tf.ones(q.shape)],
      ...{ lr: 0.1, momentum: 0.9, weightDecay: 0.01, guard },
    });
    torch.commitStatistics({
      runningMeans: [variable([4])],
      runningVariances: [variable([4], 1)],
      ...{ batchMeans: [mean], batchVariances: [variance], counts: [18], guard },
    });
    const sum = variable([3, 3, 4]);
    torch.absDiffAccumulate(sum, x, y);
    torch.negPartAccumulate(sum, x);
    torch.commitSums({ sums: [sum], pending: [torch.absDiffSum(x, y)], guard });
    const images = torch.pixelTensor(new Uint8Array(2 * 4 * 4 * 3).fill(7), [2, 4, 4, 3]);
    const offsets = tf.tensor2d([0, 1, 1, -1, 0, 0], [2, 3], "int32");
    torch.augment(images, offsets, { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    torch.topMask(tf.randomNormal([3, 3, 4]), 5);
    tf.image.rotateWithOffset(x, 0.1);
  });
  tf.dispose(Object.values(values));
  tf.env().set("IS_TEST", isTest);
}
