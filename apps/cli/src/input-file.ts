import { readFile } from "node:fs/promises";
import { ReluctantError } from "@reluctant/contracts";
import { systemMessage } from "./system-error.ts";

/** The bytes of a file that the caller named. @throws ReluctantError when it cannot be read */
export const readInputFile = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((error: unknown) => {
    throw new ReluctantError("invalid-request", systemMessage(error, path) ?? `${path}: cannot be read`);
  });

/** A file that was named rightly has contents that cannot be used. */
export class ContentError extends Error {}

/** What is wrong with the contents is the caller's matter too: one line, after the name of what was read. */
export function withContentErrors<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ContentError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
