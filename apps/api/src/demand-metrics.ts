import { type Deps as ControlDeps, countWorkers, readDemand, secondsSinceRound } from "@reluctant/control";
import type { Metrics } from "@reluctant/telemetry";

const kinds = ["ready", "queued", "running"] as const;

/**
 * What is asked of the installation, beside what the process knows of itself. Each is read from Postgres when `/metrics` is,
 * so every API process tells the same: take the largest, not the sum.
 */
export function observeDemand(metrics: Metrics, control: ControlDeps): void {
  metrics.gauge({
    name: "slot_demand",
    help: "Stage runs that want a slot, by pool: ready to be dispatched, queued, or running",
    labels: ["pool", "state"],
    async collect(gauge) {
      const pools = await readDemand(control);
      gauge.reset(); // a pool that has nothing to do any more is not told
      for (const demand of pools) for (const state of kinds) gauge.set({ pool: demand.pool, state }, demand[state]);
    },
  });
  metrics.gauge({
    name: "slots",
    help: "Slots of living workers that take work, by pool",
    labels: ["pool"],
    async collect(gauge) {
      const pools = await readDemand(control);
      gauge.reset();
      for (const { pool, slots } of pools) gauge.set({ pool }, slots);
    },
  });
  metrics.gauge({
    name: "workers",
    help: "Workers of the last day, by pool and state; quarantined ones failed attempts by their own fault",
    labels: ["pool", "state"],
    async collect(gauge) {
      const counts = await countWorkers(control);
      gauge.reset();
      for (const { pool, state, count } of counts) gauge.set({ pool, state }, count);
    },
  });
  metrics.gauge({
    name: "coordinator_round_age_seconds",
    help: "Seconds since a coordinator last made a round; usually below 2, infinite before the first",
    collect: async (gauge) => gauge.set((await secondsSinceRound(control)) ?? Number.POSITIVE_INFINITY),
  });
}
