/** Servers that Debian would start when it installs them: unpacked into the cache instead, as the local stack's Redis is. */
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { unpackedIn, unpackPackages } from "../../../infra/local/src/debian-packages.ts";
import { programCache } from "../../../infra/local/src/machine.ts";

export interface Program {
  path: string;
  env: { LD_LIBRARY_PATH: string };
}

const programs = {
  pgbouncer: { file: "usr/sbin/pgbouncer", packages: ["pgbouncer", "libc-ares2", "libevent-2.1-7"] },
  prometheus: { file: "usr/bin/prometheus", packages: ["prometheus"] },
  promtool: { file: "usr/bin/promtool", packages: ["prometheus"] },
};

/** The program, or why it is not to be had here. */
export async function debianProgram(name: keyof typeof programs): Promise<Program | { missing: string }> {
  const { file, packages } = programs[name];
  const cache = await programCache();
  const { folder, libraries } = unpackedIn(cache, packages[0] as string);
  const path = join(folder, file);
  const isThere = () => access(path, constants.X_OK).then(() => true);
  try {
    if (!(await isThere().catch(() => false))) await unpackPackages(cache, packages[0] as string, packages);
    await isThere();
    return { path, env: { LD_LIBRARY_PATH: libraries.join(":") } };
  } catch (error) {
    return { missing: `no ${name} here: ${(error as Error).message}` };
  }
}

/** The reason to skip for, or null. */
export const whyNot = (program: Program | { missing: string }): string | null =>
  "missing" in program ? program.missing : null;
