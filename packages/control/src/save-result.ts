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

/**
 * Writes the rows of what a stage run's kind found; its artifacts must be there by variant and role. All its statements are begun
 * at once, and so travel with those that the caller begins beside it.
 */
export async function saveResult(
  t: CommandTx,
  stageRunId: string,
  result: StageResult,
  artifacts: ArtifactRef[],
): Promise<void> {
  refuseMissing(result, artifacts);
  switch (result.kind) {
    case "train":
      return savePoints(t, stageRunId, "ar", [{ ...result, variant: fullVariant, macs: null }]);
    case "sensitivity":
      return t.run(sql.saveSensitivity, { stageRunId, layers: result.layers });
    case "mask-search":
      return saveMasks(t, stageRunId, result, artifacts);
    case "distillation":
      return savePoints(t, stageRunId, null, [
        { ...result, variant: fullVariant, macs: null },
        ...named<NetworkVariant>(result.variants),
      ]);
    case "private-inference":
      return; // the stage run's own result is all that there is of it
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

interface Reached {
  variant: string;
  reluCount: number;
  macs: number | null;
  validationAccuracy: number;
  testAccuracy: number;
}

async function savePoints(
  t: CommandTx,
  stageRunId: string,
  method: "ar" | null,
  reached: readonly Reached[],
): Promise<void> {
  await Promise.all(
    reached.map(({ variant, reluCount, macs, validationAccuracy, testAccuracy }) =>
      t.one(sql.putFrontierPoint, {
        stageRunId,
        variant,
        method,
        reluCount,
        macs: macs === null ? null : BigInt(macs),
        validationAccuracy,
        testAccuracy,
      }),
    ),
  );
}
