import { catalog, type Implementation, implementations } from "@reluctant/relu";
import type { ContextOf, EngineStageKind, StageContext, StageOutput } from "./context.ts";
import { StageFailure } from "./failure.ts";
import { distillation } from "./implementations/distillation/pram/run.ts";
import { senetPlusPlus } from "./implementations/distillation/senet-plus-plus/run.ts";
import { autorep } from "./implementations/mask-search/autorep/run.ts";
import { continuation } from "./implementations/mask-search/continuation/run.ts";
import { deepReduce } from "./implementations/mask-search/deepreduce/run.ts";
import { delphiPlanner } from "./implementations/mask-search/delphi-planner/run.ts";
import { layerwiseRemoval } from "./implementations/mask-search/layerwise-removal/run.ts";
import { maskSearch } from "./implementations/mask-search/senet/run.ts";
import { snl } from "./implementations/mask-search/snl/run.ts";
import { sensitivity } from "./implementations/sensitivity/sparse-momentum/run.ts";
import { train } from "./implementations/train/sgd/run.ts";

export interface StageImplementation {
  kind: EngineStageKind;
  version: number;
  run(context: StageContext): Promise<StageOutput>;
}

/** The code of every stage by implementation. */
export const stages = catalog<Record<Implementation, StageImplementation>>({
  "train/sgd": stage(implementations["train/sgd"], train),
  "sensitivity/sparse-momentum": stage(implementations["sensitivity/sparse-momentum"], sensitivity),
  "mask-search/senet": stage(implementations["mask-search/senet"], maskSearch),
  "mask-search/continuation": stage(implementations["mask-search/continuation"], continuation),
  "mask-search/deepreduce": stage(implementations["mask-search/deepreduce"], deepReduce),
  "mask-search/layerwise-removal": stage(implementations["mask-search/layerwise-removal"], layerwiseRemoval),
  "mask-search/snl": stage(implementations["mask-search/snl"], snl),
  "mask-search/autorep": stage(implementations["mask-search/autorep"], autorep),
  "mask-search/delphi-planner": stage(implementations["mask-search/delphi-planner"], delphiPlanner),
  "distillation/pram": stage(implementations["distillation/pram"], distillation),
  "distillation/senet++": stage(implementations["distillation/senet++"], senetPlusPlus),
});

/** What a worker registers: it refuses a stage run whose version is not its own. */
export const implementationVersions: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(stages).map(([name, { version }]) => [name, version]),
);

/** A stage checks that its parameters are of its kind, and leaves nothing on the device. */
function stage<K extends EngineStageKind>(
  { kind, version }: { kind: K; version: number },
  run: (context: ContextOf<K>) => Promise<StageOutput>,
): StageImplementation {
  return {
    kind,
    version,
    async run(context) {
      if (!isOf(context, kind))
        throw new StageFailure(
          "bad-input",
          `${context.implementation} runs ${kind} stages, not ${context.params.kind}`,
        );
      try {
        return await run(context);
      } finally {
        context.engine.release();
      }
    },
  };
}

const isOf = <K extends EngineStageKind>(context: StageContext, kind: K): context is ContextOf<K> =>
  context.params.kind === kind;
