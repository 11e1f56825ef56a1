import { z } from "zod";

/** Adam, for the weights and for what activations learn (method.md §9). */
export const adamSettings = {
  /** Rate for both, 1e-3. */
  learningRate: z.number().positive().max(100),
  /**
   * Adam moves a value by about its rate a step whatever its gradient, so in short runs slopes and scores, which have 1 to
   * go, would never arrive: there their rate is higher, so that rate × steps is at least this. The published lengths give
   * 58, so they keep the published rate.
   */
  leastTravel: z.number().min(0).max(1e6),
};
