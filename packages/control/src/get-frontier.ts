import {
  type Frontier,
  type FrontierPoint,
  type PiMeasurement,
  type PiSystem,
  ReluctantError,
} from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { bySeeds, frontierOf, meanOf, models, reluCount, type Shape } from "@reluctant/relu";
import { found, visibleTeam } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";
import { findDataset, unknownDataset } from "./plan-spec.ts";
import { inBatches } from "./slices.ts";
import { tradeOffOf } from "./trade-off.ts";

/** Every point of a dataset version and a model; those that validation accuracy leaves undominated are marked. */
export async function getFrontier(
  { db }: Deps,
  { identity, dataset: written, model }: { identity: Caller; dataset: string; model: string },
): Promise<Frontier> {
  const dataset = await findDataset(db, identity, written);
  if (!dataset) throw new ReluctantError("not-found", `dataset ${await unknownDataset(db, identity, written)}`);
  const family = found(models[model], "model", model);
  const teamId = visibleTeam(identity);
  const rows: (sql.FrontierPointRow & Pick<FrontierPoint, "measurements">)[] = [];
  const points = await db.many(sql.pointsOfFrontier, { datasetVersion: dataset.version, model, teamId });
  for (const batch of inBatches(points)) {
    const pointIds = batch.map(({ id }) => id);
    const [found, measured] = await Promise.all([
      db.many(sql.frontierPoints, { pointIds, teamId }),
      db.many(sql.measurementsOfPoints, { pointIds }),
    ]);
    const measurements = byPoint(measured);
    rows.push(...found.map((row) => ({ ...row, measurements: measurements.get(row.id) ?? [] })));
  }
  const undominated = new Set(frontierOf(rows));
  return {
    dataset: dataset.name,
    datasetVersion: dataset.version,
    model,
    classes: dataset.classes.length,
    totalRelus: reluCount(family.build(dataset.inputShape as unknown as Shape, dataset.classes.length)),
    recommendation: tradeOffOf([...bySeeds(rows).values()].map(meanOf)),
    points: rows.map((row) => ({ ...row, onFrontier: undominated.has(row) })),
  };
}

function byPoint(rows: readonly sql.MeasurementRow[]): Map<string, PiMeasurement[]> {
  const measurements = new Map<string, PiMeasurement[]>();
  for (const row of rows) measurements.set(row.pointId, [...(measurements.get(row.pointId) ?? []), measurementOf(row)]);
  return measurements;
}

function measurementOf({ stageRunId, implementation, params, result, finishedAt }: sql.MeasurementRow): PiMeasurement {
  const { profile, batch, threads, repeat } = params;
  const { samples, privateAccuracy, plaintextAccuracy, agreement, machine } = result;
  const { steps: _, ...cost } = result.cost;
  return {
    stageRunId,
    system: implementation.slice("private-inference/".length) as PiSystem,
    profile,
    batch,
    threads,
    repeat,
    samples,
    privateAccuracy,
    plaintextAccuracy,
    agreement,
    cost,
    machine,
    measuredAt: finishedAt.toISOString(),
  };
}
