import { EventEmitter, once } from "node:events";
import type { Row } from "../rows.ts";
import { type Load, loadOf } from "./load.ts";
import { besidePeers } from "./peers.ts";
import { slots, startSlots, storedWeights, type Upload, uploadWeights } from "./slots.ts";
import { type Bench, oneRun } from "./stack.ts";

/**
 * Stage runs from ready to their committed results, taken by eight slots that do nothing but claim and complete: the rest of
 * the way from a submit, with dispatch, outbox and queue. Once with an artifact that is there, once with an upload each.
 */
export async function drained(bench: Bench, quick: boolean): Promise<Row[]> {
  const total = quick ? 300 : 3_000;
  const rate = await drain(bench, total, await storedWeights(bench.deps));
  const uploading = await drain(bench, Math.ceil(total / 4), uploadWeights);
  const [{ twice = 0 } = {}] = await bench.deps.db.prisma.$queryRaw<{ twice: number }[]>`
    select count(*)::int as twice from (select 1 from attempt where state = 'succeeded' group by stage_run_id having count(*) <> 1) doubled`;
  return [
    { case: `no-op stage runs, ${slots} slots`, value: rate.perSecond, unit: "1/s", atLeast: 300 },
    { case: "stage run, statements", value: rate.statements, unit: "" },
    { case: "stage run, statements planned", value: rate.plans, unit: "" },
    { case: "stage run, commits", value: rate.commits, unit: "" },
    { case: "stage run, fsyncs", value: rate.fsyncs, unit: "" },
    ...rate.byPart.map(({ name, ms }) => ({ case: `stage run, processor of ${name}`, value: ms, unit: "ms" })),
    ...rate.byStatement.map(({ name, ms }) => ({ case: `stage run, Postgres in ${name}`, value: ms, unit: "ms" })),
    { case: `no-op stage runs that upload 64 bytes, ${slots} slots`, value: uploading.perSecond, unit: "1/s" },
    { case: "stage runs committed more than once", value: twice, unit: "", atMost: 0 },
    ...(await besidePeers(bench, rate.perSecond, total * 2)),
  ];
}

let seed = 1_000_000;

/** Answers how many a second, and what each made Postgres do. */
async function drain(bench: Bench, total: number, upload: Upload): Promise<Load & { perSecond: number }> {
  const { client, stack } = bench;
  let left = total;
  const submitter = async () => {
    while (left-- > 0) await client.experiments.submit(oneRun(seed++));
  };
  await Promise.all(Array.from({ length: 4 }, submitter));
  let seconds = 0;
  const load = await loadOf(stack, async () => {
    const at = performance.now();
    let completed = 0;
    const queue = new EventEmitter();
    const drained = once(queue, "drained");
    const stop = await startSlots(bench, upload, () => ++completed === total && queue.emit("drained"));
    await drained;
    seconds = (performance.now() - at) / 1_000;
    await stop();
  });
  return {
    perSecond: total / seconds,
    statements: load.statements / total,
    plans: load.plans / total,
    commits: load.commits / total,
    fsyncs: load.fsyncs / total,
    byPart: load.byPart.map(({ name, ms }) => ({ name, ms: ms / total })),
    byStatement: load.byStatement.map(({ name, ms }) => ({ name, ms: ms / total })).filter(({ ms }) => ms >= 0.02),
  };
}
