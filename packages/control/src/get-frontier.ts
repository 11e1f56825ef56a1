import { type Frontier, ReluctantError } from "@reluctant/contracts";
import { type FrontierPointRow, frontierPointRows, pointsOfFrontier } from "@reluctant/db";
import { bySeeds, frontierOf, meanOf, models, reluCount, type Shape } from "@reluctant/relu";
import { found, visibleTeam } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";
import { findDataset, unknownDataset } from "./plan-spec.ts";
import { inPieces } from "./slices.ts";
import { tradeOffOf } from "./trade-off.ts";

/** Every point of a dataset version and a model; those that validation accuracy leaves undominated are marked. */
export async function getFrontier(
  { db }: Deps,
  { identity, dataset: written, model }: { identity: Caller; dataset: string; model: string },
): Promise<Frontier> {
  const dataset = await findDataset(db.prisma, identity, written);
  if (!dataset) throw new ReluctantError("not-found", `dataset ${await unknownDataset(db.prisma, identity, written)}`);
  const family = found(models[model], "model", model);
  const team = visibleTeam(identity);
  const rows: FrontierPointRow[] = [];
  for (const piece of inPieces(await pointsOfFrontier(db.prisma, dataset.sha256, model, team))) {
    const ids = piece.map(({ id }) => id);
    rows.push(...(await frontierPointRows(db.prisma, ids, team)));
  }
  const undominated = new Set(frontierOf(rows));
  return {
    dataset: dataset.name,
    datasetVersion: dataset.sha256,
    model,
    classes: dataset.classes.length,
    totalRelus: reluCount(family.build(dataset.inputShape as unknown as Shape, dataset.classes.length)),
    recommendation: tradeOffOf([...bySeeds(rows).values()].map(meanOf)),
    points: rows.map((row) => ({ ...row, onFrontier: undominated.has(row) })),
  };
}
