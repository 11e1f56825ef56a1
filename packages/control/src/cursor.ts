import { ReluctantError } from "@reluctant/contracts";

/** What a list's cursor says. @throws ReluctantError `invalid-request` where it is none: `read` answers null */
export function cursorOf<T>(read: (cursor: string) => T | null, after: string): T {
  const cursor = read(after);
  if (cursor !== null) return cursor;
  throw new ReluctantError("invalid-request", `"${after.slice(0, 50)}" is no cursor of this list`, [
    { field: "after", message: "must be a cursor that this list gave: `next` of a page, or that of an event" },
  ]);
}
