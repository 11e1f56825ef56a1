import type { StageContext } from "./context.ts";

/** What a worker adds to a stage run, where there is none, as in benches and tests: nobody listens, and nobody stops it. */
export const unattended = {
  resumeFrom: null,
  checkpointSeconds: 3600,
  report: { started() {}, progress() {}, log() {}, async checkpoint() {} },
  signal: new AbortController().signal,
  stopRequested: () => false,
  privateInference: {
    async measure() {
      throw new Error("private inference is measured by workers alone");
    },
  },
} satisfies Partial<StageContext>;
