import { z } from "zod";

/**
 * Where a page of a list ended: `next` of a page, passed back as `?after=`. Opaque to a client. Each form holds real values
 * only (no 30 February, no number beyond its column), so that the form alone decides.
 */

/** When an experiment was submitted, in milliseconds, and its id. 14 digits end in the year 5138. */
const experimentForm = /^(\d{1,14})~([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** A trial's number within its experiment. */
const trialForm = /^\d{1,9}$/;
/** `xid.id` of an event: its transaction, and the event within it. Both fit into 64 bits; Postgres reads an xid of `010` as 8. */
const eventForm = /^(0|[1-9]\d{0,18})\.(0|[1-9]\d{0,17})$/;

const cursorSchema = (form: RegExp) => z.string().regex(form, "must be a cursor that this API gave");
export const experimentCursorSchema = cursorSchema(experimentForm);
export const trialCursorSchema = cursorSchema(trialForm);
/** `0.0` stands before all events. */
export const eventCursorSchema = cursorSchema(eventForm).meta({ examples: ["0.0"] });

export const writeExperimentCursor = ({ createdAt, id }: { createdAt: Date; id: string }): string =>
  `${createdAt.getTime()}~${id}`;

/** Each of these answers null for what is no cursor of its list. */
export function readExperimentCursor(cursor: string): { at: Date; id: string } | null {
  const [, at, id] = experimentForm.exec(cursor) ?? [];
  return at !== undefined && id !== undefined ? { at: new Date(Number(at)), id } : null;
}

export const readTrialCursor = (cursor: string): number | null => (trialForm.test(cursor) ? Number(cursor) : null);

export function readEventCursor(cursor: string): { xid: string; id: bigint } | null {
  const [, xid, id] = eventForm.exec(cursor) ?? [];
  return xid !== undefined && id !== undefined ? { xid, id: BigInt(id) } : null;
}
