import {
  type CostAxis,
  type Frontier,
  type FrontierAxis,
  type FrontierPoint,
  type FrontierSelection,
  ReluctantError,
} from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import {
  bySeeds,
  chosenSetting,
  costOn,
  frontierOf,
  type Mean,
  type MeasuredSetting,
  mean,
  meanOf,
  measuredSettings,
  models,
  reluCount,
  type Shape,
} from "@reluctant/relu";
import { found, visibleTeam } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";
import { findDataset, unknownDataset } from "./plan-spec.ts";
import { readPoints } from "./read-points.ts";
import { tradeOffOf } from "./trade-off.ts";

export interface GetFrontier {
  identity: Caller;
  /** A name, or `name@version`. */
  dataset: string;
  model: string;
  /** All where it is not said. */
  points?: FrontierSelection | undefined;
  /** ReLUs where it is not said. */
  axis?: FrontierAxis | undefined;
  /** Of an axis of cost: the setting's key, or words of it; the one with most points where it is not said. */
  setting?: string | undefined;
}

/** Points of a dataset version and a model; those that validation accuracy leaves undominated are marked, or are all that is told. */
export async function getFrontier(
  { db }: Deps,
  { identity, dataset: written, model, points: selection = "all", axis = "relus", setting }: GetFrontier,
): Promise<Frontier> {
  const dataset = await findDataset(db, identity, written);
  if (!dataset) throw new ReluctantError("not-found", `dataset ${await unknownDataset(db, identity, written)}`);
  const family = found(models[model], "model", model);
  const teamId = visibleTeam(identity);
  const which = { datasetVersion: dataset.version, model, teamId };
  const { points, means, measured }: Reached =
    axis === "relus"
      ? await reached[selection](db, which)
      : await reachedAtCost(db, which, { axis, setting, selection });
  return {
    dataset: dataset.name,
    datasetVersion: dataset.version,
    model,
    classes: dataset.classes.length,
    totalRelus: reluCount(family.build(dataset.inputShape as unknown as Shape, dataset.classes.length)),
    recommendation: tradeOffOf(means),
    points,
    ...(measured && { measured }),
  };
}

interface Which {
  datasetVersion: string;
  model: string;
  teamId: string | null;
}

/** Points, and the means over the seeds of all that there are. */
interface Reached {
  points: FrontierPoint[];
  means: (Mean & { cost?: number })[];
  measured?: NonNullable<Frontier["measured"]>;
}

const reached = {
  async all(db, which) {
    const rows = await readPoints(db, await db.many(sql.pointsOfFrontier, which), which);
    const undominated = new Set(frontierOf(rows));
    return {
      points: rows.map((row) => ({ ...row, onFrontier: undominated.has(row) })),
      means: [...bySeeds(rows).values()].map(meanOf),
    };
  },
  /** Of 100,000 points these are a few hundred, and `foldFrontier` has marked the others and summed them up. */
  async frontier(db, which) {
    const [corners, means] = await Promise.all([
      db.many(sql.frontierCorners, which),
      db.many(sql.frontierMeans, which),
    ]);
    const rows = await readPoints(db, corners, which);
    return { points: rows.map((row) => ({ ...row, onFrontier: true })), means };
  },
} satisfies Record<FrontierSelection, (t: Statements, which: Which) => Promise<Reached>>;

interface CostQuestion {
  axis: CostAxis;
  setting: string | undefined;
  selection: FrontierSelection;
}

/** Points that were measured in one setting, cheapest first behind all-ReLU models; the recommendation is of these alone. */
async function reachedAtCost(
  t: Statements,
  which: Which,
  { axis, setting: wanted, selection }: CostQuestion,
): Promise<Reached> {
  const { pointIds, others } = await t.one(sql.measuredPoints, which);
  const rows = await readPoints(
    t,
    pointIds.map((id) => ({ id })),
    which,
  );
  const settings = measuredSettings(rows);
  const setting = chosenSetting(settings, wanted);
  if (!setting && wanted !== undefined) throw unknownSetting(wanted, settings);
  const placed = rows.flatMap((row) => {
    const cost = setting && costOn(axis, setting.key, row);
    return cost ? [{ ...row, cost }] : [];
  });
  const places = new Set(placed.map(({ id }) => id));
  const reference = rows.filter((row) => row.method === "ar" && !places.has(row.id));
  const undominated = new Set(frontierOf(placed, ({ cost }) => cost.value));
  const told = selection === "frontier" ? [...undominated] : placed.sort((a, b) => a.cost.value - b.cost.value);
  return {
    points: [
      ...reference.map((row) => ({ ...row, onFrontier: false })),
      ...told.map((row) => ({ ...row, onFrontier: undominated.has(row) })),
    ],
    means: [
      ...[...bySeeds(reference).values()].map(meanOf),
      ...[...bySeeds(placed).values()].map((runs) => ({
        ...meanOf(runs),
        cost: mean(runs.map((run) => run.cost.value)),
      })),
    ],
    measured: {
      axis,
      setting: setting?.key ?? null,
      settings,
      unmeasured: others + rows.length - placed.length - reference.length,
    },
  };
}

const unknownSetting = (wanted: string, settings: readonly MeasuredSetting[]): ReluctantError =>
  new ReluctantError(
    "not-found",
    settings.length === 0
      ? `setting "${wanted}" has no measurements, as no point of this frontier has any`
      : `setting "${wanted}" has no measurements; choose one of ${settings.map(({ key }) => key).join(", ")}`,
  );
