import type { ExperimentSpec, FieldError } from "@reluctant/contracts";
import type { DatasetFacts, Registry } from "./definition.ts";
import { type Expanded, expand, type PlannedStageRun, type PlannedTrial } from "./expand.ts";
import type { Model } from "./models/model.ts";
import { resolve } from "./resolve.ts";

export type { PlannedStageRun, PlannedTrial };

export interface Plan extends Expanded {
  model: Model;
}

export type Planned = { ok: true; plan: Plan } | { ok: false; errors: FieldError[] };

/**
 * Expands a spec to its sweep. Pure and deterministic, so API, CLI and browser show the same plan.
 * Errors name the spec's field.
 */
export function plan(spec: ExperimentSpec, dataset: DatasetFacts, registry: Registry): Planned {
  const planning = planInSteps(spec, dataset, registry);
  for (;;) {
    const step = planning.next();
    if (step.done) return step.value;
  }
}

/** The same in steps, for whoever serves others meanwhile: 20,000 trials take a second, each step a millisecond at most. */
export function* planInSteps(
  spec: ExperimentSpec,
  dataset: DatasetFacts,
  registry: Registry,
): Generator<undefined, Planned> {
  const resolved = resolve(spec, dataset, registry);
  if (!resolved.ok) return resolved;
  return { ok: true, plan: { model: resolved.model, ...(yield* expand(resolved.sweeps, registry)) } };
}
