import {
  type ArtifactRef,
  fullVariant,
  type MaskVariant,
  type NetworkVariant,
  ReluctantError,
  type ResultOf,
  type StageResult,
} from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { CommandTx } from "./commit.ts";

/** The artifact without which a stage's result is none: what a next stage, or the user, takes from it. A measurement leaves none. */
const wantedRole = {
  train: "weights",
  sensitivity: "sensitivity",
  "mask-search": "masks",
  distillation: "weights",
  "private-inference": null,
} as const satisfies Record<StageResult["kind"], ArtifactRef["role"] | null>;

/** What a stage run came to. */
export interface Found {
  stageRunId: string;
  result: StageResult;
  artifacts: ArtifactRef[];
}

/**
 * Writes the rows of what stage runs found; their artifacts must be there by variant and role. All its statements are begun at
 * once, and so travel with those that the caller begins beside it.
 */
export async function saveResults(t: CommandTx, found: readonly Found[]): Promise<void> {
  for (const { result, artifacts } of found) refuseMissing(result, artifacts);
  await Promise.all([savePoints(t, found.flatMap(pointsOf)), ...found.map((each) => saveOthers(t, each))]);
}

/** What a stage run found beside points. */
async function saveOthers(t: CommandTx, { stageRunId, result, artifacts }: Found): Promise<void> {
  switch (result.kind) {
    case "sensitivity":
      return t.run(sql.saveSensitivity, { stageRunId, layers: result.layers });
    case "mask-search":
      return saveMasks(t, stageRunId, result, artifacts);
    case "train":
    case "distillation":
    case "private-inference":
      return; // of a measurement the stage run's own result is all that there is
  }
}

/** Every variant that the result names must have come with its bytes. */
function refuseMissing(result: StageResult, artifacts: ArtifactRef[]): void {
  const role = wantedRole[result.kind];
  if (role === null) return;
  const variants = "variants" in result ? Object.keys(result.variants ?? {}) : [];
  for (const variant of [fullVariant, ...variants]) {
    if (sha256Of(artifacts, role, variant)) continue;
    throw new ReluctantError("invalid-request", `the result has no ${role} of variant ${variant}`, [
      { field: "artifacts", message: `must have one of role ${role} and variant ${variant}` },
    ]);
  }
}

const sha256Of = (artifacts: ArtifactRef[], role: ArtifactRef["role"], variant: string): string | undefined =>
  artifacts.find((artifact) => artifact.role === role && artifact.variant === variant)?.sha256;

const named = <V>(variants: Record<string, V> = {}): (V & { variant: string })[] =>
  Object.entries(variants).map(([variant, found]) => ({ ...found, variant }));

async function saveMasks(
  t: CommandTx,
  stageRunId: string,
  result: ResultOf<"mask-search">,
  artifacts: ArtifactRef[],
): Promise<void> {
  const found = [{ ...result, variant: fullVariant, budget: null }, ...named<MaskVariant>(result.variants)];
  await Promise.all(
    found.flatMap(({ variant, budget, reluCount, allocation }) => [
      t.run(sql.saveAllocation, { stageRunId, variant, layers: allocation }),
      t.run(sql.putMask, {
        stageRunId,
        variant,
        sha256: sha256Of(artifacts, "masks", variant) as string,
        budget,
        reluCount,
      }),
    ]),
  );
}

function pointsOf({ stageRunId, result }: Found): sql.ReachedPoint[] {
  if (result.kind === "train") return [pointOf(stageRunId, "ar", { ...result, variant: fullVariant, macs: null })];
  if (result.kind !== "distillation") return [];
  const variants = [{ ...result, variant: fullVariant, macs: null }, ...named<NetworkVariant>(result.variants)];
  return variants.map((reached) => pointOf(stageRunId, null, reached));
}

/** Without what else its result says. */
const pointOf = (
  stageRunId: string,
  method: "ar" | null,
  { variant, reluCount, macs, validationAccuracy, testAccuracy }: Omit<sql.ReachedPoint, "stageRunId" | "method">,
): sql.ReachedPoint => ({ stageRunId, variant, method, reluCount, macs, validationAccuracy, testAccuracy });

async function savePoints(t: CommandTx, points: readonly sql.ReachedPoint[]): Promise<void> {
  if (points.length === 0) return;
  const put = await t.many(sql.putFrontierPoints, { points });
  if (put.length !== points.length) throw new Error(`of ${points.length} points ${put.length} belong to an experiment`);
}
