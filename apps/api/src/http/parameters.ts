import { idSchema } from "@reluctant/contracts";
import { z } from "zod";

/** Postgres' `integer`, which is what these are held against. */
const mostInteger = 2 ** 31 - 1;

/** A whole number in a query string: digits only, since `1e3`, `0x10` and the empty string are likely mistakes. */
export const integerParameter = ({ min = 0, max = mostInteger }: { min?: number; max?: number } = {}) =>
  z
    .string()
    .regex(/^\d{1,10}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

/** A text in a query string. Postgres' texts hold every character but NUL. */
export const textParameter = ({ min = 0, max }: { min?: number; max: number }) =>
  z
    .string()
    .min(min)
    .max(max)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the one that is refused.
    .regex(/^[^\u0000]*$/, "must not hold the character NUL");

export const idParams = z.object({ id: idSchema });

/** A page of a list whose cursors have this form. */
export const pageQuery = (cursor: z.ZodType<string>) => ({
  after: cursor.optional(),
  limit: integerParameter({ min: 1, max: 200 }).default(50),
});
