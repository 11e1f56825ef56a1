import { measuredBudgets, nodesOf } from "@reluctant/relu";
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
    const { samples, threads } = spec.pi;
    return { kind: "private-inference", model: model.name, samples, ...measurement, batch: 1, threads };
  },
  errors(sweep) {
    const { model, spec, budgets } = sweep;
    const [pool] = nodesOf(model, "max-pool");
    const strange = [...(measuredBudgets(sweep) ?? [])].filter((budget) => !budgets.includes(budget));
    return [
      ...(pool
        ? [{ field: "pi", message: `there is no protocol for "${pool.name}" of ${spec.model}, which is a max-pool` }]
        : []),
      ...strange.map((budget) => ({ field: "pi.budgets", message: `has ${budget} ReLUs, which budgets has not` })),
    ];
  },
  checkpointBytes: () => 0, // it takes none
  load: () => import("./run.ts"),
};
