/**
 * The platform's own speed with the real Postgres, Redis, coordinator and API; of the work itself only its claim and its
 * result. Durable stores, not the tests' ephemeral ones. `--case NAME` runs one part.
 */
import type { Options } from "../options.ts";
import type { Row } from "../rows.ts";
import { drained } from "./drain.ts";
import { fleet } from "./fleet.ts";
import { largeSweep } from "./large-sweep.ts";
import { lists } from "./lists.ts";
import { withStack } from "./stack.ts";
import { startLatency } from "./start-latency.ts";
import { submitted } from "./submit.ts";

export async function spine({ quick, only }: Options): Promise<Row[]> {
  const parts = {
    submit: () => withStack((bench) => submitted(bench, quick)),
    start: () => withStack((bench) => startLatency(bench, quick)),
    drain: () => withStack((bench) => drained(bench, quick)),
    "fleet-500": () => withStack((bench) => fleet(bench, 500, quick)),
    "fleet-1000": () => withStack((bench) => fleet(bench, 1_000, quick)),
    lists: () => withStack((bench) => lists(bench, quick ? 1_000 : 10_000)),
    sweep: () => withStack(({ stack }) => largeSweep(stack, quick ? 1_000 : 10_000)),
  };
  const rows: Row[] = [];
  for (const [name, run] of Object.entries(parts)) if (name.includes(only)) rows.push(...(await run()));
  return rows;
}
