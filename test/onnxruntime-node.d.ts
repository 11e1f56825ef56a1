/** The pinned version of onnxruntime-node declares no types; its interface is onnxruntime-common's. */
declare module "onnxruntime-node" {
  export * from "onnxruntime-common";
}
