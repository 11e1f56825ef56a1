import {
  type ExperimentSpec,
  type ExperimentSpecInput,
  fieldErrors,
  fullVariant,
  type PlanAnswer,
  type PointMeasurement,
  ReluctantError,
} from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { measuringSpec } from "@reluctant/relu";
import { experimentSpecSchema, registry } from "@reluctant/stages/definitions";
import { found, requireRole } from "./authorize.ts";
import { type CreatedExperiment, type CreateExperiment, createExperiment } from "./create-experiment.ts";
import type { Caller, Deps } from "./deps.ts";
import { planExperiment } from "./plan-experiment.ts";
import { findDataset, invalidSpec, planSpec } from "./plan-spec.ts";
import { pointOf, revisionsOf } from "./revise-experiment.ts";
import { readTrial } from "./trials.ts";

interface MeasurePoint extends Pick<CreateExperiment, "identity" | "idempotency"> {
  pointId: string;
  asked: PointMeasurement;
}

/** A spec as it would be sent, as it is read, and what it would become. */
interface Measuring extends Pick<CreateExperiment, "spec" | "rawSpec"> {
  plan: PlanAnswer;
}

/**
 * Has private inference of one point's network be measured, by an experiment of its trial alone. Nothing is trained for it.
 * @throws ReluctantError `not-found` where the caller's team sees no such point; `conflict` where it is an all-ReLU model or a
 * narrower one than was asked for, where no trial of the team reached it, where anything would have to be trained for it, or where all was measured
 */
export async function measurePoint(
  deps: Deps,
  { identity, pointId, asked, idempotency }: MeasurePoint,
): Promise<CreatedExperiment> {
  requireRole(identity, "member");
  const { spec, rawSpec } = await measuringOf(deps, identity, pointId, asked).catch((error: unknown) => {
    throw asAsked(error);
  });
  return createExperiment(deps, { identity, spec, rawSpec, ...(idempotency && { idempotency }) });
}

/** By the first revision of its experiment's spec that leads to the point: of an extended descent only that has its masks. */
async function measuringOf(
  deps: Deps,
  identity: Caller,
  pointId: string,
  { remeasure, ...pi }: PointMeasurement,
): Promise<Measuring> {
  const { db } = deps;
  const range = { first: pointId, last: pointId, teamId: identity.teamId, limit: 1 };
  const point = found(await db.maybe(sql.pointsThatBegin, range), "frontier point", pointId);
  if (point.method === "ar") throw conflict(pointId, "is an all-ReLU model: what is measured are networks of a budget");
  if (point.variant !== fullVariant)
    throw conflict(
      pointId,
      `is a network of ${point.variant} × the width: the whole one is measured, a point of its own`,
    );
  if (!point.experimentId || !point.trialId)
    throw conflict(pointId, "was reached by another team: submit its method, budget and seed, which takes its result");
  const trial = await readTrial(db, point.trialId);
  const { method, seed } = trial;
  const budget = point.budget ?? trial.budget; // a descent serves trials of several
  const part = { methods: [method], seeds: [seed], ...(budget !== null && { budgets: [budget] }) };
  for (const { sent, spec } of await revisionsOf(db, point.experimentId)) {
    const whole = await planSpec(db, identity, spec, await findDataset(db, identity, spec.dataset));
    if (!whole.trials.some((each) => pointOf(each) === pointOf({ method, budget, seed }))) continue;
    const planned = async (repeats: number): Promise<Measuring> => {
      const written = { ...sent, dataset: spec.dataset } as ExperimentSpecInput; // as it was when it was submitted
      const rawSpec = measuringSpec(written, part, { ...pi, repeats }, registry);
      const read = parsed(rawSpec);
      return { rawSpec, spec: read, plan: await planExperiment(deps, { identity, spec: read }) };
    };
    const measuring = remeasure ? await onceMore(planned, pointId) : await planned(pi.repeats);
    if (!measuring.plan.stageRuns.some(({ stageKey }) => stageKey === point.stageKey)) continue;
    refuseTraining(pointId, measuring.plan);
    return measuring;
  }
  throw conflict(pointId, "is not what its spec leads to in this version: submit its method, budget and seed anew");
}

/** Who asked wrote the fields of the spec's `pi` alone: a fault in one of them has its name there. */
const asAsked = (error: unknown): unknown =>
  error instanceof ReluctantError && error.code === "invalid-spec"
    ? invalidSpec(error.errors.map(({ field, message }) => ({ field: field.replace(/^pi\./, ""), message })))
    : error;

/** What led to the point must be there. A descent is submitted with all of its budgets: what they lead to must be there, too. */
function refuseTraining(pointId: string, { stageRuns }: PlanAnswer): void {
  const missing = stageRuns.filter(({ kind, known }) => kind !== "private-inference" && known === null);
  const [first] = missing;
  if (!first) return;
  const what = `${missing.length} of the stage runs that its spec leads to have no result, such as a ${first.kind}`;
  throw conflict(pointId, `cannot be measured without training: ${what}; retry its trial, or submit its spec, first`);
}

const mostRepeats = 20;

/** With the fewest repeats of which one was not measured yet. */
async function onceMore(planned: (repeats: number) => Promise<Measuring>, pointId: string): Promise<Measuring> {
  for (let repeats = 1; repeats <= mostRepeats; repeats++) {
    const measuring = await planned(repeats);
    const isNew = ({ kind, known }: PlanAnswer["stageRuns"][number]) => kind === "private-inference" && known === null;
    if (measuring.plan.stageRuns.some(isNew)) return measuring;
  }
  throw conflict(pointId, `was measured ${mostRepeats} times, which is as often as can be`);
}

function parsed(rawSpec: unknown): ExperimentSpec {
  const read = experimentSpecSchema.safeParse(rawSpec);
  if (!read.success) throw invalidSpec(fieldErrors(read.error));
  return read.data;
}

const conflict = (pointId: string, what: string): ReluctantError =>
  new ReluctantError("conflict", `frontier point ${pointId} ${what}`);
