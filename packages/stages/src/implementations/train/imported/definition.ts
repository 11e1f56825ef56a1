import { paramsSchemaOf, type StageDefinition } from "../../definition.ts";

export const definition: StageDefinition<"train/imported"> = {
  name: "train/imported",
  kind: "train",
  version: 1,
  reads: ["arModel"],
  paramsSchema: paramsSchemaOf("train"),
  params: ({ model, settings }) => ({ kind: "train", model: model.name, steps: 0, settings: settings.train }),
  errors: ({ spec }) =>
    spec.until === "train" && !spec.arModel
      ? [{ field: "arModel", message: "name the weights to evaluate; reluctant import prints them" }]
      : [],
  checkpointBytes: () => 0, // it takes none
  load: () => import("./run.ts"),
};
