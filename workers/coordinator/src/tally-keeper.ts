import { type Deps, keepTallies } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Has pages of large experiments ask for what is new alone. */
export const tallyKeeper = ({ deps, log }: { deps: Deps; log: Logger }): PeriodicService =>
  periodicService({ name: "tally keeper", everyMs: 1_000, log, work: () => keepTallies(deps) });
