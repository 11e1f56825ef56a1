import type { FieldError, PiSystem } from "@reluctant/contracts";
import { blocksOf, type MethodSweep, measuredBudgets, piSystemPresets, unsupportedNode } from "@reluctant/relu";
import { paramsSchemaOf, type StageDefinition } from "../definition.ts";

/** Private inference as a system does it, measured: how it is computed stands in docs/private-inference.md. */
export const definitionOf = <System extends PiSystem>(
  system: System,
  { version, load }: Pick<StageDefinition, "version" | "load">,
): StageDefinition<`private-inference/${System}`> => ({
  name: `private-inference/${system}`,
  kind: "private-inference",
  version,
  reads: ["prModel"],
  paramsSchema: paramsSchemaOf("private-inference"),
  params({ model, spec, measurement }) {
    if (!spec.pi || !measurement) throw new Error("a private inference is planned by a spec's `pi` alone");
    const { samples, batch, threads } = spec.pi;
    const { linear } = blocksOf(spec.pi);
    return {
      kind: "private-inference",
      model: model.name,
      samples,
      ...measurement,
      batch,
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
      ...foreignBlocks(sweep),
      ...(spec.pi && spec.pi.samples % spec.pi.batch !== 0
        ? [
            {
              field: "pi.batch",
              message: `${spec.pi.samples} samples are no whole number of batches of ${spec.pi.batch}`,
            },
          ]
        : []),
    ];
  },
  checkpointBytes: () => 0, // it takes none
  load,
});

/** Blocks that the spec names and its system has not. */
function foreignBlocks({ spec: { pi } }: MethodSweep): FieldError[] {
  if (!pi) return [];
  const { title, linear, relus } = piSystemPresets[pi.system];
  const { protocols, linear: chosen } = blocksOf(pi);
  const error = (field: string, what: string, by: readonly string[]) => ({
    field,
    message: `${title} computes ${what} by ${by.join(" or ")} here: name ${by.length > 1 ? "one of them" : "that"}, or leave it out`,
  });
  return [
    ...(protocols.every((each) => relus.by.includes(each)) ? [] : [error("pi.protocols", "ReLUs", relus.by)]),
    ...(linear.by.includes(chosen) ? [] : [error("pi.linear", "linear layers", linear.by)]),
  ];
}
