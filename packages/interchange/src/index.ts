export { CheckpointError } from "./checkpoint/errors.ts";
export { type FoundStateDict, findStateDict, readTensors } from "./checkpoint/find-state-dict.ts";
export { StoredTensor } from "./checkpoint/tensor.ts";
export { readTorchFile } from "./checkpoint/torch-file.ts";
export { type Imported, importNetwork, type ModelChoice } from "./import.ts";
export type { MappedTensor, Mapping } from "./mapping.ts";
export { type Network, readNetwork } from "./network.ts";
export { onnxFile } from "./onnx.ts";
export { pyTorchFile, pyTorchModule } from "./pytorch.ts";
