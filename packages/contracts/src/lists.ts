import { z } from "zod";

/** The list, unless it is too long: a body of 1 MB can hold half a million items, each of which would be checked for nothing. */
export function noLongerThan<T>(max: number, list: T[], ctx: z.RefinementCtx): T[] {
  if (list.length <= max) return list;
  const [given, allowed] = [list.length, max].map((count) => count.toLocaleString("en-US"));
  ctx.addIssue({ code: "custom", message: `has ${given} items; at most ${allowed} are allowed` });
  return z.NEVER;
}
