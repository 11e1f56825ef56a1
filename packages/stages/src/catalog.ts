import { fieldErrors } from "@reluctant/contracts";
import { catalog } from "@reluctant/relu";
import type { EngineStageKind, StageContext, StageOutput } from "./context.ts";
import { type Implementation, implementations, type StageDefinition } from "./definitions.ts";
import { StageFailure } from "./failure.ts";

export interface StageImplementation {
  kind: EngineStageKind;
  version: number;
  run(context: StageContext): Promise<StageOutput>;
}

/** The code of every stage by implementation. */
export const stages = catalog(
  Object.fromEntries(
    Object.values(implementations).map((definition) => [definition.name, stageOf(definition)]),
  ) as Record<Implementation, StageImplementation>,
);

/** A stage gets parameters that its definition has read, and leaves nothing on the device. */
function stageOf(definition: StageDefinition): StageImplementation {
  const { kind, version } = definition;
  return {
    kind,
    version,
    async run(context) {
      const params = paramsOf(definition, context);
      const { run } = await definition.load();
      try {
        return await run({ ...context, params });
      } finally {
        context.engine.release();
      }
    },
  };
}

function paramsOf({ name, kind, paramsSchema }: StageDefinition, { params }: StageContext): StageContext["params"] {
  if (params.kind !== kind) throw new StageFailure("bad-input", `${name} runs ${kind} stages, not ${params.kind}`);
  const read = paramsSchema.safeParse(params);
  if (read.success) return read.data;
  const faults = fieldErrors(read.error, "params").map(({ field, message }) => `${field} ${message}`);
  throw new StageFailure("bad-input", `params of ${name}: ${faults.join("; ")}`);
}
