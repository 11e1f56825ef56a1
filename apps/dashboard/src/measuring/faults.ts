import { ApiError } from "@reluctant/sdk";

/** What the API found wrong with a form. */
export interface Faults {
  /** By field, what stands beside it. */
  fields: Partial<Record<string, string>>;
  /** What concerns no field of the form; null where all does. */
  general: string | null;
}

/** @param fields those of the form; of a list, `protocols[1]` is `protocols` */
export function faultsOf(error: Error | null, fields: readonly string[]): Faults {
  if (!(error instanceof ApiError) || !error.problem.errors?.length) {
    return { fields: {}, general: error && (error instanceof ApiError ? error.problem.detail : error.message) };
  }
  const named = error.problem.errors.map(({ field, message }) => ({ field: field.replace(/[.[].*$/s, ""), message }));
  const beside = named.filter(({ field }) => fields.includes(field));
  return {
    fields: Object.fromEntries(beside.map(({ field, message }) => [field, message])),
    general: beside.length < named.length ? error.problem.detail : null,
  };
}
