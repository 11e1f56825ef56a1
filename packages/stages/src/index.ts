export { type Activation, activationsOf, maskedRelus, type Polynomial, type Polynomials } from "./activation.ts";
export { readParams, type StageImplementation, stages } from "./catalog.ts";
export type { StageArtifact, StageContext, StageData, StageOutput } from "./context.ts";
export type {
  Batch,
  Engine,
  LossTerms,
  Network,
  Objective,
  Score,
  StepOutcome,
  Trainer,
  TrainerOptions,
  TrainingBatch,
  UnitStatistic,
} from "./engine.ts";
export { DeviceFullFailure, StageFailure } from "./failure.ts";
export { readMaskMaps } from "./mask-maps.ts";
export { decodeStudent, encodeStudent, masksFromTensors, type Student } from "./masks.ts";
export type { PrivateInference, PrivateInferenceOutcome, PrivateInferenceRequest } from "./private-inference.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  type RemoteFile,
  readSafetensors,
  type SafetensorsFile,
} from "./safetensors.ts";
export { floatsOf, type HostTensor, type Tensors, under } from "./tensors.ts";
export { unattended } from "./unattended.ts";
export { decodeWeights, encodeWeights, initialWeights, isStatistic, requireWeights, weightShapes } from "./weights.ts";
