import { z } from "zod";

/** How a descent falls from all ReLUs through its budgets. */
export const descentSettingsSchema = z.strictObject({
  /** Removals before each budget, in equal ratios; training goes on between them. */
  removals: z.int().min(1).max(1_000),
  /**
   * Which units compete: those of a `layer`, which keeps what the allocation gives it, or those of the whole `network`,
   * by scores in means of their layer, which then keeps no less than `allocationFloor`.
   */
  ranking: z.enum(["layer", "network"]),
  /** β of the activation mismatch (`attention`) in the descent's loss; 0 leaves it out, as the paper's search does. */
  pramWeight: z.number().min(0).max(1e7),
  /** Weight at which the scores of before a removal count on after it: 0 forgets them, near 1 averages long. */
  scoreMemory: z.number().min(0).lt(1),
});
export type DescentSettings = z.infer<typeof descentSettingsSchema>;
