import { hash } from "node:crypto";
import { canonicalJson } from "@reluctant/relu";
import { z } from "zod";

/** Headers of a request that begins an experiment. */
export const submitHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, "must be 1 to 200 printable characters without spaces")
    .optional(),
});

/** The client's key, if it sent one, and a hash of what it asked: the same where only spaces and the order of keys differ. */
export function idempotencyOf(
  { "idempotency-key": key }: z.output<typeof submitHeaders>,
  asked: unknown,
): { key: string; requestHash: string } | undefined {
  return key === undefined ? undefined : { key, requestHash: hash("sha256", canonicalJson(asked)) };
}
