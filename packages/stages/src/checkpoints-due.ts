import type { StageContext } from "./context.ts";

/** When to take a time-based checkpoint. */
export interface CheckpointsDue {
  /** @param step steps done */
  at(step: number): boolean;
  taken(): void;
}

/** An epoch's end is the better moment, so it may come early; on a GPU small epochs last a second, so not much. */
export function checkpointsDue({ checkpointSeconds }: StageContext, epochSteps: number): CheckpointsDue {
  let last = performance.now();
  return {
    at: (step) => performance.now() - last >= checkpointSeconds * (step % epochSteps === 0 ? 250 : 1000),
    taken: () => {
      last = performance.now();
    },
  };
}
