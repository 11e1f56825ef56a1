import { type ExperimentSpec, type Extension, fieldErrors, ReluctantError, writtenBudget } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { experimentSpecSchema, storedSpecSchema } from "@reluctant/stages/definitions";
import type { CommandTx } from "./commit.ts";
import type { Caller } from "./deps.ts";
import type { OwnExperiment } from "./own-experiment.ts";
import { findDataset, invalidSpec, type PlannedSpec, planSpec } from "./plan-spec.ts";

/** By what one trial of an experiment differs from another. */
export const pointOf = ({ method, budget, seed }: { method: string; budget: number | null; seed: number }): string =>
  JSON.stringify([method, budget, seed]);

/** A spec as it was sent, and as it is read. */
export interface Revision {
  sent: Record<string, unknown>;
  spec: ExperimentSpec;
}

/** First to last, on the version of the data set that the experiment began with: a newer one does not change it. */
export const revisionsOf = async (t: Statements, experimentId: string): Promise<Revision[]> =>
  (await t.many(sql.revisions, { experimentId })).map(({ sent, dataset }) => ({
    sent,
    spec: { ...storedSpecSchema.parse(sent), dataset },
  }));

/** Plans for the experiment's own team, whoever asks. */
export async function planFor(
  t: CommandTx,
  { identity, experiment: { teamId } }: { identity: Caller; experiment: OwnExperiment },
  spec: ExperimentSpec,
): Promise<PlannedSpec> {
  const owner = { ...identity, teamId };
  return planSpec(t, owner, spec, await findDataset(t, owner, spec.dataset));
}

/**
 * A revision with more methods, budgets or seeds.
 * @throws ReluctantError `invalid-spec` that names each field at fault
 */
export function extended({ sent, spec }: Revision, { methods, budgets, seeds }: Extension): Revision {
  const together = {
    ...sent,
    methods: unique([...spec.methods, ...(methods ?? [])]),
    seeds: unique([...spec.seeds, ...(seeds ?? [])]),
    ...(budgets && { budgets: unique([...listOf(sent.budgets), ...budgets.map(writtenBudget)]) }),
  };
  const read = experimentSpecSchema.safeParse(together);
  if (!read.success) throw invalidSpec(fieldErrors(read.error));
  return { sent: together, spec: { ...read.data, dataset: spec.dataset } };
}

const listOf = (given: unknown): unknown[] => (given === undefined ? [] : Array.isArray(given) ? given : [given]);
const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];

/** @throws ReluctantError `conflict`: what is paused is not changed behind the back of whoever paused it */
export function refusePaused({ id, state }: OwnExperiment): void {
  if (state === "paused") throw new ReluctantError("conflict", `experiment ${id} is paused: resume it first`);
}
