import { idSchema } from "@reluctant/contracts";
import { z } from "zod";

/** A whole number in a query string: digits only, since `1e3`, `0x10` and the empty string are likely mistakes. */
export const integerParameter = ({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${min}${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ""}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

export const idParams = z.object({ id: idSchema });

/** Opaque cursors are ours: short and printable, or not ours. */
export const cursorParameter = z.string().regex(/^[\w.:~+/=-]{1,200}$/, "must be a cursor that this API gave");

export const pageQuery = {
  after: cursorParameter.optional(),
  limit: integerParameter({ min: 1, max: 200 }).default(50),
};
