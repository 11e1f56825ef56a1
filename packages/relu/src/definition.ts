import type {
  DistillationSettings,
  ExperimentSpec,
  FieldError,
  Granularity,
  InputName,
  KindSettings,
  MaskSearchSettings,
  NetworkProfileName,
  ReluProtocol,
  SettingsOverride,
  StageParams,
} from "@reluctant/contracts";
import { catalog } from "./catalog.ts";
import type { Model, Shape } from "./models/model.ts";

type Kind = StageParams["kind"];
type Group = Readonly<Record<string, unknown>>;

/**
 * What the planner knows of an implementation, the code behind a stage: where its stage stands, what it is told and what
 * it makes possible. `@reluctant/stages` has one for each; the domain names none.
 */
export interface Definition {
  /** `KIND/NAME`, as stored and registered. */
  readonly name: string;
  readonly kind: Kind;
  /**
   * Hashed into the stage key, and raised in the commit that changes the implementation's numbers; a golden-curve test
   * fails when a curve changes and the number does not.
   */
  readonly version: number;
  /** Inputs that it takes where the method has the stages that make them. */
  readonly reads: readonly InputName[];
  /** One run descends through all budgets of the spec: what reads it for a trial takes the variant of its budget. */
  readonly descends?: boolean;
  /** The only granularity that it has; either unless told. */
  readonly granularity?: Granularity;
  /** The group of settings that it reads beside its kind's. */
  readonly settings?: OwnSettings;
  /** Resolved and complete. */
  params(trial: Trial): StageParams;
  /** What keeps it from being run as the settings say, by the spec's fields. */
  errors?(sweep: MethodSweep): FieldError[];
  /**
   * Bytes of the largest checkpoint that it takes, but for its header of names (some kB): weights with the batch norms'
   * statistics, what the optimizer remembers, and what the stage itself keeps. Tests hold it to real checkpoints.
   */
  checkpointBytes(model: Model, params: StageParams): number;
  /** By name, the methods that this search or distillation makes possible. */
  readonly methods?: Readonly<Record<string, Method>>;
}

/** Settings of one implementation, under a name of its own in specs and parameters, as recipes have them. */
export interface OwnSettings {
  readonly group: string;
  /** At the published lengths. */
  readonly paper: Group;
  /** What is different in runs of a few passes. */
  readonly short?: Group;
  /** What is different beside in runs of seconds. */
  readonly debug?: Group;
}

/** A method is data: the implementations of one trial's stages, and how their settings differ from the recipe's. */
export interface Method {
  readonly title: string;
  /** Names of implementations, one of a kind. */
  readonly stages: readonly string[];
  /** What makes the method: no spec changes it. */
  readonly fixed?: {
    readonly maskSearch?: Partial<MaskSearchSettings>;
    readonly distillation?: Partial<DistillationSettings>;
    readonly [group: string]: Group | undefined;
  };
  /** What the method changes in a recipe, unless the spec says otherwise. */
  readonly defaults?: SettingsOverride;
  /** It takes no step: it tells what a given network reaches. No sweep has it, and lists of methods leave it out. */
  readonly evaluates?: true;
  /** Share of the recipe's images that search and distillation take, for each budget; all of them unless told. */
  readonly imageShare?: number;
}

/** Everything that can be planned. */
export interface Registry {
  readonly implementations: Readonly<Record<string, Definition>>;
  readonly methods: Readonly<Record<string, Method>>;
}

/** Methods in the order of their names: the order of the definitions says nothing. */
export const registryOf = (definitions: readonly Definition[]): Registry => ({
  implementations: catalog(Object.fromEntries(definitions.map((definition) => [definition.name, definition]))),
  methods: catalog(Object.fromEntries(definitions.flatMap(({ methods = {} }) => Object.entries(methods)).sort(byName))),
});

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** What the planner must know of the dataset version that a spec names. */
export interface DatasetFacts {
  version: string;
  inputShape: Shape;
  classes: number;
  trainSize: number;
}

/** A recipe's settings with all that was changed in them: those of the kinds, and each implementation's own group. */
export type Settings = KindSettings & { readonly [group: string]: unknown };

/** One method of a spec, with its settings: what its trials have in common. */
export interface MethodSweep {
  spec: ExperimentSpec;
  dataset: DatasetFacts;
  model: Model;
  method: Method;
  settings: Settings;
  /** All of the spec. */
  budgets: readonly (number | null)[];
}

export interface Trial extends MethodSweep {
  budget: number | null;
  seed: number;
  /** The one to make, of a stage that measures. */
  measurement?: Measurement;
}

/** One of those that a spec's `pi` asks for. */
export interface Measurement {
  protocol: ReluProtocol;
  profile: NetworkProfileName;
  /** From 1. */
  repeat: number;
}
