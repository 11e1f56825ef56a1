import { z } from "zod";
import { seedSchema } from "./primitives.ts";

/** Of a spec. */
const maxSeeds = 1_000;

/** By a number most people mean how many seeds, and it was taken for that one seed. So it is refused. */
function listOrCount(value: SeedsInput, ctx: z.RefinementCtx): SeedsInput {
  if (typeof value === "object" && value !== null) return value;
  const one = typeof value === "number" ? value : 2;
  const message = `must be a list or a count: [${one}] is the one seed ${one}, {count: ${one}} is ${one} seeds, 1 to ${one}`;
  ctx.addIssue({ code: "custom", message });
  return z.NEVER;
}

type SeedsInput = number[] | { count: number };

const listed = z.array(seedSchema).min(1, "name at least one seed").max(maxSeeds);
const counted = z
  .strictObject({ count: z.int().min(1).max(maxSeeds) })
  .transform(({ count }) => Array.from({ length: count }, (_, index) => index + 1));

/** Seeds as a user writes them: a list, or how many, counted from 1. */
export const seedsSchema = z.transform(listOrCount).pipe(z.union([listed, counted]));
