import {
  budgetCount,
  type ExperimentSpec,
  type InputName,
  type Precision,
  type StageKind,
  type StageParams,
} from "@reluctant/contracts";
import { readsSensitivity } from "./allocation-rule.ts";
import type { Definition, Measurement, MethodSweep, Registry } from "./definition.ts";
import { reluCount } from "./models/model.ts";
import { blocksOf } from "./pi-systems.ts";
import { goesOn, measuringStage, type NamedSweep, stagesOf } from "./resolve.ts";
import { type PlannedInput, planStageKeys, type StageIdentity } from "./stage-key.ts";

export interface PlannedStageRun {
  stageKey: string;
  kind: StageKind;
  implementation: string;
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

export interface Expanded {
  trials: PlannedTrial[];
  /** Each once, inputs before those that read them. */
  stageRuns: PlannedStageRun[];
}

/** Trials of a sweep and their stage runs. Pauses after each trial, of 10,000 the longest takes a millisecond. */
export function* expand(sweeps: readonly NamedSweep[], registry: Registry): Generator<undefined, Expanded> {
  const stageRuns = new Map<string, PlannedStageRun>();
  const trials = new Map<string, PlannedTrial>();
  const keyOf = planStageKeys();
  for (const { name, ...sweep } of sweeps) {
    const runsOf = trialStages(sweep, registry, keyOf);
    for (const budget of sweep.budgets) {
      for (const seed of sweep.spec.seeds) {
        const stages = runsOf(budget, seed);
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

/** Inputs that stages of a trial make; `start` is given by the spec alone. */
type MadeInput = Exclude<InputName, "start">;

/** Which kind of stage makes an input. */
const makerOf = {
  arModel: "train",
  sensitivity: "sensitivity",
  student: "mask-search",
  prModel: "distillation",
} as const satisfies Record<MadeInput, StageParams["kind"]>;

const isMade = (input: InputName): input is MadeInput => input !== "start";

/** A stage with the inputs that it takes in its method, and which measurement it makes, if any. */
interface ConnectedStage {
  definition: Definition;
  inputs: readonly MadeInput[];
  /** What no stage makes. */
  given?: Readonly<Record<string, PlannedInput>>;
  measurement?: Measurement;
}

/** A method's stages. Sensitivities are left out where its mask search takes the layers' shares from elsewhere. */
function connected({ spec, method, settings }: MethodSweep, registry: Registry): ConnectedStage[] {
  const stages = stagesOf(method, registry);
  const made = new Set<StageKind>(stages.map(({ kind }) => kind));
  if (spec.masks) made.add("mask-search");
  const skipped = readsSensitivity(settings.maskSearch) ? null : "sensitivity";
  return stages.map((definition) => ({
    definition,
    inputs: definition.reads.filter(isMade).filter((input) => made.has(makerOf[input]) && input !== skipped),
    ...(spec.startMasks && goesOn(definition) && { given: { start: { artifact: spec.startMasks } } }),
  }));
}

/**
 * The stages of each trial of a method. What trials have in common is made and keyed once: with every trial keyed alone,
 * 10,000 took 1.2 s of CPU, and 2.8 s as a descent through 1,000 budgets; now 0.7 and 0.4.
 */
function trialStages(sweep: MethodSweep, registry: Registry, keyOf: (identity: StageIdentity) => string) {
  const { spec, dataset } = sweep;
  const all = connected(sweep, registry);
  const given = givenArtifacts(spec);
  const wanted = wantedKinds(all, spec.until, given);
  const stages = all.filter(({ definition }) => wanted.has(definition.kind));
  const measurements = measuring(spec, registry);
  const measured = measuredBudgets(sweep);
  const params = new Map<string, StageParams>();
  const runs = new Map<string, PlannedStageRun>();

  return (budget: number | null, trialSeed: number): PlannedStageRun[] => {
    const produced = new Map<StageKind, PlannedInput>(given);
    const isMeasured = budget === null || measured === null || measured.has(budget);
    return [...stages, ...(isMeasured ? measurements : [])].map((stage) => {
      const { definition, inputs: names, given: taken, measurement } = stage;
      const { kind } = definition;
      const made = names.map((name) => [name, produced.get(makerOf[name]) as PlannedInput] as const);
      const inputs = { ...Object.fromEntries(made), ...taken };
      const seed = seededByAr(kind) ? (spec.arSeed ?? trialSeed) : trialSeed;
      const target = readsBudget(definition) ? budget : null;
      const run = madeOnce(runs, JSON.stringify([kind, target, seed, inputs, measurement]), () => {
        const identity = {
          kind,
          implementation: definition.name,
          version: definition.version,
          params: madeOnce(params, JSON.stringify([kind, target, measurement]), () =>
            definition.params({ ...sweep, budget, seed, ...(measurement && { measurement }) }),
          ),
          precision: spec.precision,
          seed,
          datasetVersion: dataset.version,
          inputs,
        };
        return { stageKey: keyOf(identity), ...identity };
      });
      const { stageKey } = run;
      produced.set(kind, definition.descends ? { stageKey, variant: String(budget) } : { stageKey });
      return run;
    });
  };
}

/** A stage for each measurement that the spec asks for; they follow all others. */
function measuring(spec: ExperimentSpec, registry: Registry): ConnectedStage[] {
  return measuringStage(spec, registry).flatMap((definition) =>
    measurementsOf(spec).map((measurement) => ({ definition, inputs: definition.reads.filter(isMade), measurement })),
  );
}

/** Each once, however often its protocol or its profile is named. */
const measurementsOf = ({ pi }: ExperimentSpec): Measurement[] =>
  pi
    ? unique(blocksOf(pi).protocols).flatMap((protocol) =>
        unique(pi.profiles).flatMap((profile) =>
          Array.from({ length: pi.repeats }, (_, index) => ({ protocol, profile, repeat: index + 1 })),
        ),
      )
    : [];

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];

/** Counts of the budgets whose networks are measured; null: of all. */
export const measuredBudgets = ({ spec: { pi }, model }: Pick<MethodSweep, "spec" | "model">): Set<number> | null =>
  pi?.budgets ? new Set(pi.budgets.map((budget) => budgetCount(budget, reluCount(model)))) : null;

/** Whether a stage belongs to the AR model's seed (`arSeed`), and so is shared by all budgets. */
const seededByAr = (kind: StageKind): boolean => kind === "train" || kind === "sensitivity";

/** Whether a stage's parameters name the trial's own budget: of a descent they name all of the spec's. */
const readsBudget = ({ kind, descends }: Definition): boolean => kind === "mask-search" && !descends;

function madeOnce<V>(made: Map<string, V>, key: string, make: () => V): V {
  const known = made.get(key);
  if (known !== undefined) return known;
  const value = make();
  made.set(key, value);
  return value;
}

const givenArtifacts = (spec: ExperimentSpec): [StageKind, PlannedInput][] => [
  ...(spec.arModel ? [["train", { artifact: spec.arModel }] as [StageKind, PlannedInput]] : []),
  ...(spec.sensitivity ? [["sensitivity", { artifact: spec.sensitivity }] as [StageKind, PlannedInput]] : []),
  ...(spec.masks ? [["mask-search", { artifact: spec.masks }] as [StageKind, PlannedInput]] : []),
];

/**
 * The stage a spec stops at and everything it reads, directly or not, less what the spec gives. A stage that reads what it
 * makes is asked for by giving it: it evaluates what was trained elsewhere.
 */
function wantedKinds(
  stages: readonly ConnectedStage[],
  until: StageKind,
  given: readonly [StageKind, PlannedInput][],
): Set<StageKind> {
  const have = new Set(given.map(([kind]) => kind));
  const wanted = new Set<StageKind>();
  const want = (kind: StageKind): void => {
    const stage = stages.find(({ definition }) => definition.kind === kind);
    const evaluates = stage?.inputs.some((input) => makerOf[input] === kind);
    if (!stage || wanted.has(kind) || (have.has(kind) && !(evaluates && kind === until))) return;
    wanted.add(kind);
    for (const input of stage.inputs) want(makerOf[input]);
  };
  want(until);
  return wanted;
}
