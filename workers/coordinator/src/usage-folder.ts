import { type Deps, foldUsage } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Keeps the ledger of what teams were charged short: each look at whose turn it is adds it up. */
export const usageFolder = ({ deps, log }: { deps: Deps; log: Logger }): PeriodicService =>
  periodicService({ name: "usage folder", everyMs: 1_000, log, work: () => foldUsage(deps) });
