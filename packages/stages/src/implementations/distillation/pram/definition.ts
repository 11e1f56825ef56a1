import { sgdBytes } from "../../checkpoint-bytes.ts";
import { distillationDefinition } from "../definition.ts";

export const definition = distillationDefinition({
  name: "distillation/pram",
  version: 1,
  checkpointBytes: sgdBytes,
  load: () => import("./run.ts"),
});
