export { importStateDict, type ModelChoice } from "./import.ts";
export { type Network, readNetwork } from "./network.ts";
export { onnxFile } from "./onnx.ts";
export { pyTorchFile, pyTorchModule } from "./pytorch.ts";
