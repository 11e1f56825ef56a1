import { type ExperimentSpec, type FieldError, type MaskMaps, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { type Model, maskErrors, models, nodesOf, type Shape } from "@reluctant/relu";
import { readSafetensors } from "@reluctant/stages";
import type { Caller, Deps } from "./deps.ts";
import { findDataset, invalidSpec } from "./plan-spec.ts";
import { openArtifact, readMaskMaps } from "./read-mask-maps.ts";

/**
 * Refuses a spec whose `masks` or `startMasks` are none, or of another network, size or data set, or fewer than a budget; where
 * the spec's own names are at fault the plan says so. They must be stored and the caller's to read.
 */
export async function refuseUnfitMasks(deps: Deps, identity: Caller, spec: ExperimentSpec): Promise<void> {
  const [field, sha256] = spec.startMasks
    ? (["startMasks", spec.startMasks] as const)
    : (["masks", spec.masks] as const);
  const family = models[spec.model];
  if (!sha256 || !family) return;
  const dataset = await findDataset(deps.db, identity, spec.dataset);
  const shape = dataset?.inputShape as unknown as Shape | undefined;
  if (!dataset || !shape || !family.sides.includes(shape[0])) return;
  const classes = dataset.classes.length;
  const model = family.build(shape, classes);
  const maps = await mapsOf(deps, identity, { field, sha256 });
  const [network, datasets] = await Promise.all([
    networkOf(deps, sha256, model),
    deps.db.many(sql.datasetsOfArtifact, { sha256, teamId: identity.teamId }),
  ]);
  const given = {
    model: maps.model,
    shapes: maps.layers.map(({ shape }) => shape),
    reluCount: maps.reluCount,
    ...network,
    datasets: datasets.map(({ name }) => name),
  };
  const errors = maskErrors(field, given, { spec, model, dataset: { name: dataset.name, classes } });
  if (errors.length > 0) throw invalidSpec(errors);
}

async function mapsOf(
  deps: Deps,
  identity: Caller,
  { field, sha256 }: { field: FieldError["field"]; sha256: string },
): Promise<MaskMaps> {
  try {
    return await readMaskMaps(deps, { identity, sha256 });
  } catch (error) {
    if (!(error instanceof ReluctantError)) throw error;
    throw invalidSpec([{ field, message: `${error.message}; name a masks artifact, as reluctant import prints one` }]);
  }
}

/** What a masks artifact shows of its network beside the masks: the last dense layer's bias has one number a class. */
async function networkOf(
  deps: Deps,
  sha256: string,
  model: Model,
): Promise<{ classes: number | null; hasPolynomials: boolean }> {
  const bias = `${nodesOf(model, "dense").at(-1)?.name}.bias`;
  const file = await openArtifact(deps, sha256);
  const { tensors } = await readSafetensors(file, (name) => name === bias || name.startsWith("polynomial."));
  return {
    classes: tensors.get(bias)?.values.length ?? null,
    hasPolynomials: [...tensors.keys()].some((name) => name.startsWith("polynomial.")),
  };
}
