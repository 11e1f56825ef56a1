import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { takeFolder } from "@reluctant/machine";
import type { Logger } from "@reluctant/telemetry";

/**
 * The name under which this coordinator holds the leader's lease. On each machine one coordinator of an installation owns a
 * name that outlives it: whoever is started after it died finds the name in its file, and with it goes on with the lease at
 * once. Every other gets a name of its own and waits for the lease: a second one here, one that cannot keep a file, and one
 * elsewhere, of whose death nothing is known here.
 * @param cacheDir holds the file; may be shared by machines, since the name is inherited only from a process of this one
 */
export async function takeHolderName(options: {
  cacheDir: string;
  installation: string;
  log: Logger;
}): Promise<string> {
  const { cacheDir, installation, log } = options;
  const own = `${hostname()} ${randomUUID()}`;
  try {
    const taken = await takeFolder<string>(join(cacheDir, "coordinators", installation), (before) => before ?? own);
    return "holding" in taken ? taken.holding.content : own;
  } catch (err) {
    log.warn(
      { err, cacheDir },
      "no file can be kept here: a restart will wait for the leader's lease; set RELUCTANT_CACHE",
    );
    return own;
  }
}
