/** For tests, of this package and of those that show measurements. */
import type { PiMeasurement } from "@reluctant/contracts";

export const idleMachine: PiMeasurement["machine"] = {
  processor: "Xeon(R) 9",
  cores: 2,
  level: "avx2",
  othersShare: 0,
  disturbed: false,
};

/** A measurement on a machine that did nothing else, as a worker reports it. */
export const measurementOf = (change: Pick<PiMeasurement, "cost"> & Partial<PiMeasurement>): PiMeasurement => ({
  stageRunId: "",
  system: "delphi",
  protocol: "garbled",
  linear: "dealer",
  profile: "lan",
  batch: 1,
  threads: 1,
  repeat: 1,
  samples: 5,
  privateAccuracy: 1,
  plaintextAccuracy: 1,
  agreement: 1,
  machine: idleMachine,
  measuredAt: "2026-01-01T00:00:00.000Z",
  ...change,
});
