import { measuredBudgets, unsupportedNode } from "@reluctant/relu";
import { paramsSchemaOf, type StageDefinition } from "../../definition.ts";

/** Private inference as DELPHI does it, measured: how it is computed stands in docs/private-inference.md. */
export const definition: StageDefinition<"private-inference/delphi"> = {
  name: "private-inference/delphi",
  kind: "private-inference",
  version: 1,
  reads: ["prModel"],
  paramsSchema: paramsSchemaOf("private-inference"),
  params({ model, spec, measurement }) {
    if (!spec.pi || !measurement) throw new Error("a private inference is planned by a spec's `pi` alone");
    const { samples, linear } = spec.pi;
    const threads = measurement.protocol === "garbled" ? spec.pi.threads : 1; // they garble and evaluate circuits
    return {
      kind: "private-inference",
      model: model.name,
      samples,
      ...measurement,
      batch: 1,
      threads,
      ...(linear !== "dealer" && { linear }), // keys of what was measured before stay as they are
    };
  },
  errors(sweep) {
    const { model, spec, budgets } = sweep;
    const unsupported = unsupportedNode(model);
    const strange = [...(measuredBudgets(sweep) ?? [])].filter((budget) => !budgets.includes(budget));
    return [
      ...(unsupported
        ? [
            {
              field: "pi",
              message: `there is no protocol for "${unsupported.name}" of ${spec.model}, which ${unsupported.why}`,
            },
          ]
        : []),
      ...strange.map((budget) => ({ field: "pi.budgets", message: `has ${budget} ReLUs, which budgets has not` })),
    ];
  },
  checkpointBytes: () => 0, // it takes none
  load: () => import("./run.ts"),
};
