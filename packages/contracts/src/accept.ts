import type { z } from "zod";
import { type FieldError, fieldErrors, ReluctantError } from "./problems.ts";

/** What comes in otherwise than by a route, held to its contract. Throws `invalid-request` that names every field at fault. */
export function accept<T extends z.ZodType>(schema: T, given: z.input<T>, what: string): z.output<T> {
  const checked = schema.safeParse(given);
  if (checked.success) return checked.data;
  const errors = fieldErrors(checked.error, what);
  throw new ReluctantError("invalid-request", `the ${what} is refused: ${errors.map(faultText).join("; ")}`, errors);
}

const faultText = ({ field, message }: FieldError): string => `${field} ${message}`;
