import { z } from "zod";

/** Lower-case hex SHA-256: names artifacts, stage keys and dataset versions. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits (a SHA-256)");

export const idSchema = z.uuid();

/** An id, or its first eight digits or more, as lists print them. */
export const idPrefixSchema = z
  .string()
  .regex(
    /^[0-9a-f]{8}(-([0-9a-f]{0,4}|[0-9a-f]{4}-([0-9a-f]{0,4}|[0-9a-f]{4}-([0-9a-f]{0,4}|[0-9a-f]{4}-[0-9a-f]{0,12}))))?$/,
    "must be an id, or its first eight digits or more",
  );

/** Names that appear in URLs, paths and queue names: no slashes, dots first, or control characters. */
export const nameSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._@+-]*$/,
    "must start with a letter or digit and hold only letters, digits, space . _ @ + -",
  );

/** What people read and no URL or path holds, such as a class or a device: any script, nothing that acts on a terminal. */
export const labelSchema = z
  .string()
  .max(200)
  .regex(
    /^[^\p{Cc}\p{Bidi_Control}\u2028\u2029]*$/u,
    "must hold no control characters and none that turn the direction of writing",
  );

/** Part of a queue's name. */
export const poolSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "must be 1 to 32 lower-case letters, digits and dashes, no dash first");

export const timestampSchema = z.iso.datetime();

export const seedSchema = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/** A cursor page: pass `next` back as `?after=` for the following items; null at the end. */
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() });
export interface Page<T> {
  items: T[];
  next: string | null;
}
