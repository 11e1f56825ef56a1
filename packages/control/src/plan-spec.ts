import { type ExperimentSpec, type FieldError, ReluctantError } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { type Plan, type PlannedStageRun, planInSteps, type Shape } from "@reluctant/relu";
import { registry } from "@reluctant/stages/definitions";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";
import { mayReadArtifact } from "./may-read-artifact.ts";
import { inSlices } from "./slices.ts";

export interface PlannedSpec extends Plan {
  dataset: sql.FoundDataset;
  /** Team that the stage run of each stage key is private to; null: all of the installation shares it. */
  scopes: Map<string, string | null>;
}

/** Plans a spec against its stored dataset, as `findDataset` has found it. Throws `invalid-spec` that names every field at fault. */
export async function planSpec(
  t: Statements,
  identity: Caller,
  spec: ExperimentSpec,
  dataset: sql.FoundDataset | null,
): Promise<PlannedSpec> {
  if (!dataset) throw invalidSpec([{ field: "dataset", message: await unknownDataset(t, identity, spec.dataset) }]);
  const facts = {
    version: dataset.version,
    inputShape: dataset.inputShape as unknown as Shape,
    classes: dataset.classes.length,
    trainSize: dataset.trainCount,
  };
  const planned = await inSlices(planInSteps(spec, facts, registry));
  if (!planned.ok) throw invalidSpec(planned.errors);
  return { ...planned.plan, dataset, scopes: scopesOf(planned.plan.stageRuns, dataset.teamId, identity.teamId) };
}

/** A dataset by `name`, its newest version, or by `name@` and the first digits of a version. */
export function findDataset(t: Statements, { teamId }: Caller, written: string): Promise<sql.FoundDataset | null> {
  const [, name, digits] = /^(.*?)(?:@([0-9a-f]{8,64}))?$/.exec(written) ?? [];
  return t.maybe(sql.findDataset, { teamId, name: name ?? written, digits: digits ?? "" });
}

/** Names that a message lists; who has more knows how to list them. */
const mostNames = 20;

/** That a dataset is not here, and what is: whoever reads it, at a terminal or behind a client, can choose at once. */
export async function unknownDataset(t: Statements, { teamId }: Caller, written: string): Promise<string> {
  const coming = (await t.many(sql.preparingDatasets, { leaseSeconds })).find(({ name }) => name === written);
  if (coming) {
    const percent = coming.total ? ` (${Math.floor((100 * coming.done) / coming.total)} %)` : "";
    return `"${written}" is being prepared on ${coming.workers.join(", ")}${percent}: submit again when \`reluctant datasets\` lists it`;
  }
  const known = (await t.many(sql.datasetNames, { teamId, limit: mostNames + 1 })).map(({ name }) => name);
  if (known.length === 0)
    return `"${written}" is not registered here, and no other is yet: a worker registers what its data folders hold as it is prepared`;
  const more = known.length > mostNames ? ", …" : "";
  return `"${written}" is not registered here; choose one of ${known.slice(0, mostNames).join(", ")}${more}`;
}

const importFields = ["arModel", "sensitivity", "masks", "startMasks"] as const;

/** Refuses artifacts that are not stored, or that the caller's team may not read. */
export async function refuseUnknownArtifacts(deps: Deps, identity: Caller, spec: ExperimentSpec): Promise<void> {
  const errors: FieldError[] = [];
  for (const field of importFields) {
    const sha256 = spec[field];
    if (sha256 && !(await mayReadArtifact(deps, { identity, sha256 }))) {
      errors.push({ field, message: `artifact ${sha256} is not stored here, or not your team's: upload it first` });
    }
  }
  if (errors.length > 0) throw invalidSpec(errors);
}

/** What comes of a private dataset or an imported artifact, directly or not, is its team's alone. */
function scopesOf(
  stageRuns: readonly PlannedStageRun[],
  datasetTeamId: string | null,
  teamId: string,
): Map<string, string | null> {
  const scopes = new Map<string, string | null>();
  for (const { stageKey, inputs } of stageRuns) {
    const isPrivate = Object.values(inputs).some((input) => "artifact" in input || scopes.get(input.stageKey) !== null);
    scopes.set(stageKey, isPrivate ? teamId : datasetTeamId);
  }
  return scopes;
}

export const invalidSpec = (errors: FieldError[]): ReluctantError =>
  new ReluctantError("invalid-spec", errors.map(({ field, message }) => `${field}: ${message}`).join("; "), errors);
