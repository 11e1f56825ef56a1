import { type ArtifactRef, ReluctantError, type ResultOf, type StageResult } from "@reluctant/contracts";
import { putFrontierPoint, putMask, type Tx } from "@reluctant/db";
import { announce } from "./announce.ts";

/** The artifact without which a stage's result is none: what a next stage, or the user, takes from it. */
const wantedRole = {
  train: "weights",
  sensitivity: "sensitivity",
  "mask-search": "masks",
  distillation: "weights",
} as const satisfies Record<StageResult["kind"], ArtifactRef["role"]>;

/** Writes the rows of a stage run's result: its artifacts by role, and what its kind found. */
export async function saveResult(
  t: Tx,
  stageRunId: string,
  result: StageResult,
  artifacts: ArtifactRef[],
): Promise<void> {
  const main = artifactOf(artifacts, wantedRole[result.kind]);
  await t.stageRunArtifact.createMany({ data: artifacts.map(({ role, sha256 }) => ({ stageRunId, role, sha256 })) });
  switch (result.kind) {
    case "train":
      return savePoint(t, stageRunId, "ar", result);
    case "sensitivity":
      await t.sensitivity.createMany({
        data: result.layers.map((layer, position) => ({ stageRunId, position, ...layer })),
      });
      return;
    case "mask-search":
      await t.allocation.createMany({
        data: result.allocation.map((layer, position) => ({ stageRunId, position, ...layer })),
      });
      await putMask(t, stageRunId, main.sha256, result.reluCount);
      return;
    case "distillation":
      return savePoint(t, stageRunId, null, result);
  }
}

function artifactOf(artifacts: ArtifactRef[], role: ArtifactRef["role"]): ArtifactRef {
  const found = artifacts.find((artifact) => artifact.role === role);
  if (found) return found;
  throw new ReluctantError("invalid-request", `the result has no ${role}`, [
    { field: "artifacts", message: `must have one of role ${role}` },
  ]);
}

async function savePoint(
  t: Tx,
  stageRunId: string,
  method: "ar" | null,
  result: ResultOf<"train" | "distillation">,
): Promise<void> {
  const { reluCount, validationAccuracy, testAccuracy } = result;
  const points = await putFrontierPoint(t, stageRunId, method, reluCount, validationAccuracy, testAccuracy);
  await announce(
    t,
    points.map(({ id }) => ({ stageRunId, attemptId: null, type: "frontier.point", data: { pointId: id } })),
  );
}
