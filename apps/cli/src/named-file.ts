import { readFile } from "node:fs/promises";
import { ReluctantError } from "@reluctant/contracts";

/** The bytes of a file that the caller named. @throws ReluctantError when it cannot be read */
export const readNamed = (path: string): Promise<Uint8Array> =>
  readFile(path).catch(() => {
    throw new ReluctantError("invalid-request", `${path}: there is no such file, or it cannot be read`);
  });

/** What is wrong with the contents is the caller's matter too: one line, after the name of what was read. */
export function interpret<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ReluctantError("invalid-request", `${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
