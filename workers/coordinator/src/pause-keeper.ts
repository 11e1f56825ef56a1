import { type Deps, stopWhatIsPaused } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Takes off its slot what a dispatcher gave one while it was being paused. */
export const pauseKeeper = ({ deps, log }: { deps: Deps; log: Logger }): PeriodicService =>
  periodicService({ name: "pause keeper", everyMs: 2_000, log, work: () => stopWhatIsPaused(deps) });
