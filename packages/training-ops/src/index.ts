/** Fused operations of training and of mask searches: one kernel on the torch backend, a composed twin on any other. */
export {
  absDiffAccumulate,
  absDiffSum,
  absDiffSumComposed,
  commitSums,
  commitSumsComposed,
  negPartAccumulate,
  negPartSum,
  negPartSumComposed,
  type SumsCommit,
} from "./accumulate.ts";
export { augment, augmentComposed, type Normalization, pixelTensor, takesBytes } from "./augment.ts";
export {
  type BatchNormTrainOptions,
  type BatchNormTrainResult,
  batchNormAddMaskedRelu,
  batchNormAddMaskedReluComposed,
  batchNormMaskedRelu,
  batchNormMaskedReluComposed,
  batchNormTrain,
  batchNormTrainComposed,
} from "./batch-norm.ts";
export { trainingOps } from "./extension.ts";
export {
  type AffineMaskedRelu,
  affineMaskedRelu,
  affineMaskedReluComposed,
  type FrozenBatchNorm,
  foldBatchNorm,
  scaleAndShift,
} from "./frozen.ts";
export { allFinite, allFiniteComposed } from "./guard.ts";
export {
  attentionMismatch,
  attentionMismatchComposed,
  klDivergence,
  klDivergenceComposed,
  rawMismatch,
  rawMismatchComposed,
  softmaxCrossEntropy,
  softmaxCrossEntropyComposed,
} from "./losses.ts";
export { addMaskedRelu, addMaskedReluComposed, maskedRelu, maskedReluComposed } from "./masked-relu.ts";
export { type SgdStep, sgdStep, sgdStepComposed } from "./sgd.ts";
export {
  type BatchNormOptions,
  batchNorm,
  commitStatistics,
  commitStatisticsComposed,
  type StatisticsCommit,
} from "./statistics.ts";
export { tensorflowTrainingOps } from "./tensorflow/extension.ts";
export { topMask, topMaskComposed } from "./top-mask.ts";
