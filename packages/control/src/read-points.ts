import type { FrontierPoint, PiMeasurement } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { systemOf } from "@reluctant/relu";
import { inBatches } from "./slices.ts";

type MeasuredPoint = sql.FrontierPointRow & Pick<FrontierPoint, "measurements">;

/** Points with what was measured of each. By the batch: reading many at once would hold up other requests. */
export async function readPoints(
  t: Statements,
  points: readonly { id: string }[],
  { teamId }: { teamId: string | null },
): Promise<MeasuredPoint[]> {
  const rows: MeasuredPoint[] = [];
  for (const batch of inBatches(points)) {
    const pointIds = batch.map(({ id }) => id);
    const [found, measured] = await Promise.all([
      t.many(sql.frontierPoints, { pointIds, teamId }),
      t.many(sql.measurementsOfPoints, { pointIds }),
    ]);
    const measurements = byPoint(measured);
    rows.push(...found.map((row) => ({ ...row, measurements: measurements.get(row.id) ?? [] })));
  }
  return rows;
}

function byPoint(rows: readonly sql.MeasurementRow[]): Map<string, PiMeasurement[]> {
  const measurements = new Map<string, PiMeasurement[]>();
  for (const row of rows) measurements.set(row.pointId, [...(measurements.get(row.pointId) ?? []), measurementOf(row)]);
  return measurements;
}

function measurementOf({ stageRunId, implementation, params, result, finishedAt }: sql.MeasurementRow): PiMeasurement {
  const { protocol = "garbled", linear = "dealer", profile, batch, threads, repeat } = params; // the only ones once
  const { samples, privateAccuracy, plaintextAccuracy, agreement, machine } = result;
  const { steps: _, ...cost } = result.cost;
  return {
    stageRunId,
    system: systemOf(implementation),
    protocol,
    linear,
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
