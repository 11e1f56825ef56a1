import { fieldErrors, type StageKind, type StageParams } from "@reluctant/contracts";
import { catalog } from "@reluctant/relu";
import type { StageContext, StageOutput } from "./context.ts";
import { type Implementation, implementations, type StageDefinition } from "./definitions.ts";
import { StageFailure } from "./failure.ts";

export interface StageImplementation {
  kind: StageKind;
  version: number;
  run(context: StageContext): Promise<StageOutput>;
}

/** The code of every stage by implementation. */
export const stages = catalog(
  Object.fromEntries(
    Object.values(implementations).map((definition) => [definition.name, stageOf(definition)]),
  ) as Record<Implementation, StageImplementation>,
);

/** A stage checks that its parameters are of its kind, and leaves nothing on the device. */
function stageOf(definition: StageDefinition): StageImplementation {
  const { name, kind, version } = definition;
  return {
    kind,
    version,
    async run(context) {
      if (context.params.kind !== kind)
        throw new StageFailure("bad-input", `${name} runs ${kind} stages, not ${context.params.kind}`);
      const { run } = await definition.load();
      try {
        return await run(context);
      } finally {
        context.engine.release();
      }
    },
  };
}

/** Parameters as they came in, held to what the implementation's definition says. @throws StageFailure that names each fault */
export function readParams(implementation: Implementation, params: StageParams): StageParams {
  const read = implementations[implementation].paramsSchema.safeParse(params);
  if (read.success) return read.data;
  const faults = fieldErrors(read.error, "params").map(({ field, message }) => `${field} ${message}`);
  throw new StageFailure("bad-input", `params of ${implementation}: ${faults.join("; ")}`);
}
