import { type Model, nodesOf, stepsOf } from "@reluctant/relu";
import { sgdBytes } from "../../checkpoint-bytes.ts";
import { paramsSchemaOf, type StageDefinition } from "../../definition.ts";

export const definition: StageDefinition<"sensitivity/sparse-momentum"> = {
  name: "sensitivity/sparse-momentum",
  kind: "sensitivity",
  version: 1,
  reads: [],
  paramsSchema: paramsSchemaOf("sensitivity"),
  params: ({ model, settings, dataset }) => ({
    kind: "sensitivity",
    model: model.name,
    steps: stepsOf(settings.sensitivity, dataset.trainSize),
    settings: settings.sensitivity,
  }),
  checkpointBytes: (model) => sgdBytes(model) + filterCount(model) / 8, // which weights are 0, as bits
  load: () => import("./run.ts"),
};

const filterCount = (model: Model): number =>
  nodesOf(model, "conv").reduce((sum, { kernel, channelsIn, shape }) => sum + kernel ** 2 * channelsIn * shape[2], 0);
