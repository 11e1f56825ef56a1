import { paramsSchemaOf, type StageDefinition } from "../../definition.ts";

export const definition: StageDefinition<"distillation/imported"> = {
  name: "distillation/imported",
  kind: "distillation",
  version: 1,
  reads: ["student"],
  paramsSchema: paramsSchemaOf("distillation"),
  params: ({ model, settings }) => ({
    kind: "distillation",
    model: model.name,
    steps: 0,
    settings: settings.distillation,
  }),
  errors: ({ spec }) =>
    spec.until !== "train" && !spec.masks
      ? [
          {
            field: "masks",
            message:
              "imported searches nothing: it tells what a network reaches. Name its masks, or say until: train for an all-ReLU one; reluctant import does both",
          },
        ]
      : [],
  checkpointBytes: () => 0, // it takes none
  load: () => import("./run.ts"),
  methods: {
    /** What was trained elsewhere, evaluated as it came: an AR model by `until: train`, a PR model by its masks. */
    imported: { title: "Imported", evaluates: true, stages: ["train/imported", "distillation/imported"] },
  },
};
