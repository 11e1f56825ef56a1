export {
  type Activation,
  delphiPolynomial,
  frozenActivations,
  type Polynomial,
  polynomialUnits,
} from "./activation.ts";
export { implementationVersions, type StageImplementation, stages } from "./catalog.ts";
export type { StageArtifact, StageContext, StageData, StageOutput } from "./context.ts";
export type {
  Batch,
  Engine,
  Network,
  Normalization,
  Objective,
  Score,
  StepOutcome,
  Trainer,
  TrainerOptions,
  TrainingBatch,
} from "./engine.ts";
export { StageFailure } from "./failure.ts";
export { decodeStudent, encodeStudent, masksFromTensors, type Student } from "./masks.ts";
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from "./safetensors.ts";
export { type HostTensor, type Tensors, under } from "./tensors.ts";
export { decodeWeights, encodeWeights, initialWeights, isStatistic, requireWeights, weightShapes } from "./weights.ts";
