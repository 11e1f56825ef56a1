import { stepsOf } from "@reluctant/relu";
import { sgdBytes } from "../../checkpoint-bytes.ts";
import { paramsSchemaOf, type StageDefinition } from "../../definition.ts";

export const definition: StageDefinition<"train/sgd"> = {
  name: "train/sgd",
  kind: "train",
  version: 1,
  reads: [],
  paramsSchema: paramsSchemaOf("train"),
  params: ({ model, settings, dataset }) => ({
    kind: "train",
    model: model.name,
    steps: stepsOf(settings.train, dataset.trainSize),
    settings: settings.train,
  }),
  checkpointBytes: sgdBytes,
  load: () => import("./run.ts"),
};
