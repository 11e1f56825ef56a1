import type { Precision, RecipeSettings, StageKind, StageParams } from "@reluctant/contracts";
import { readsSensitivity } from "./allocation-rule.ts";
import { type Implementation, implementations } from "./implementations.ts";
import type { Method, MethodStage } from "./methods.ts";
import { type PlannedInput, planStageKeys, type StageIdentity } from "./stage-key.ts";
import { paramsOf, type TrialContext } from "./stage-params.ts";

export interface PlannedStageRun {
  stageKey: string;
  kind: StageKind;
  implementation: Implementation;
  version: number;
  params: StageParams;
  precision: Precision;
  seed: number;
  datasetVersion: string;
  inputs: Record<string, PlannedInput>;
}

export interface PlannedTrial {
  method: string;
  /** Null for trials that stop before a budget matters, or whose masks were given. */
  budget: number | null;
  seed: number;
  /** Stage keys of all its stages, in order. */
  stageKeys: string[];
}

/** A method of a sweep, by the name that the spec calls it, with its settings. */
export interface SweepMethod {
  name: string;
  method: Method;
  settings: RecipeSettings;
}

interface Sweep extends Pick<TrialContext, "spec" | "dataset" | "model" | "budgets"> {
  methods: readonly SweepMethod[];
}

export interface Expanded {
  trials: PlannedTrial[];
  /** Each once, inputs before those that read them. */
  stageRuns: PlannedStageRun[];
}

/** Trials of a sweep and their stage runs. Pauses after each trial, of 10,000 the longest takes a millisecond. */
export function* expand({ methods, ...sweep }: Sweep): Generator<undefined, Expanded> {
  const stageRuns = new Map<string, PlannedStageRun>();
  const trials = new Map<string, PlannedTrial>();
  const keyOf = planStageKeys();
  for (const { name, settings, method } of methods) {
    const stagesOf = trialStages({ ...sweep, settings, method: withNeededInputs(method, settings) }, keyOf);
    for (const budget of sweep.budgets) {
      for (const seed of sweep.spec.seeds) {
        const stages = stagesOf(budget, seed);
        for (const stage of stages) stageRuns.set(stage.stageKey, stage);
        const stageKeys = stages.map((stage) => stage.stageKey);
        // Methods that agree up to `until` give the same trial twice: one is enough.
        const identity = JSON.stringify([budget, seed, stageKeys]);
        if (!trials.has(identity)) trials.set(identity, { method: name, budget, seed, stageKeys });
        yield;
      }
    }
  }
  return { trials: [...trials.values()], stageRuns: [...stageRuns.values()] };
}

/** The method without its sensitivity run, where the mask search takes the layers' shares from elsewhere. */
function withNeededInputs(method: Method, settings: RecipeSettings): Method {
  if (readsSensitivity({ ...settings.maskSearch, ...method.maskSearch })) return method;
  const stages = method.stages.map((stage) => {
    const { sensitivity: _, ...inputs } = stage.inputs;
    return stage.kind === "mask-search" ? { ...stage, inputs } : stage;
  });
  return { ...method, stages };
}

/**
 * The stages of each trial of a method. What trials have in common is made and keyed once: with every trial keyed alone,
 * 10,000 took 1.2 s of CPU, and 2.8 s as a descent through 1,000 budgets; now 0.7 and 0.4.
 */
function trialStages(method: Omit<TrialContext, "budget" | "seed">, keyOf: (identity: StageIdentity) => string) {
  const { spec, dataset } = method;
  const given = givenArtifacts(spec);
  const wanted = wantedKinds(method.method, spec.until, given);
  const stages = method.method.stages.filter(({ kind }) => wanted.has(kind));
  const params = new Map<string, StageParams>();
  const runs = new Map<string, PlannedStageRun>();

  return (budget: number | null, trialSeed: number): PlannedStageRun[] => {
    const produced = new Map<StageKind, PlannedInput>(given);
    return stages.map((stage) => {
      const inputs = Object.fromEntries(
        Object.entries(stage.inputs).map(([name, kind]) => [name, produced.get(kind) as PlannedInput]),
      );
      const seed = stage.seededByAr ? (spec.arSeed ?? trialSeed) : trialSeed;
      const target = readsBudget(stage) ? budget : null;
      const run = madeOnce(runs, JSON.stringify([stage.kind, target, seed, inputs]), () => {
        const identity = {
          kind: stage.kind,
          implementation: stage.implementation,
          version: implementations[stage.implementation].version,
          params: madeOnce(params, `${stage.kind} ${target}`, () => paramsOf(stage, { ...method, budget, seed })),
          precision: spec.precision,
          seed,
          datasetVersion: dataset.version,
          inputs,
        };
        return { stageKey: keyOf(identity), ...identity };
      });
      const { stageKey } = run;
      produced.set(stage.kind, stage.descends ? { stageKey, variant: String(budget) } : { stageKey });
      return run;
    });
  };
}

/** Whether a stage's parameters name the trial's own budget: of a descent they name all of the spec's. */
const readsBudget = ({ kind, descends }: MethodStage): boolean => kind === "mask-search" && !descends;

function madeOnce<V>(made: Map<string, V>, key: string, make: () => V): V {
  const known = made.get(key);
  if (known !== undefined) return known;
  const value = make();
  made.set(key, value);
  return value;
}

const givenArtifacts = (spec: TrialContext["spec"]): [StageKind, PlannedInput][] => [
  ...(spec.arModel ? [["train", { artifact: spec.arModel }] as [StageKind, PlannedInput]] : []),
  ...(spec.sensitivity ? [["sensitivity", { artifact: spec.sensitivity }] as [StageKind, PlannedInput]] : []),
  ...(spec.masks ? [["mask-search", { artifact: spec.masks }] as [StageKind, PlannedInput]] : []),
];

/** The stage a spec stops at and everything it reads, directly or not, less what the spec gives. */
function wantedKinds(method: Method, until: StageKind, given: readonly [StageKind, PlannedInput][]): Set<StageKind> {
  const have = new Set(given.map(([kind]) => kind));
  const wanted = new Set<StageKind>();
  const want = (kind: StageKind): void => {
    const stage = method.stages.find((candidate) => candidate.kind === kind);
    if (!stage || wanted.has(kind) || have.has(kind)) return;
    wanted.add(kind);
    Object.values(stage.inputs).forEach(want);
  };
  want(until);
  return wanted;
}
