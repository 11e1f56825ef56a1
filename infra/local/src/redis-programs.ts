/** `redis-server`: the machine's own, else Debian's packages, fetched and unpacked once without root. */
import { execFile } from "node:child_process";
import { access, chmod, constants, mkdir, readdir, rename } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { ReluctantError } from "@reluctant/contracts";
import { inDraft } from "./draft-folder.ts";
import { programCache } from "./machine.ts";

export interface RedisProgram {
  readonly path: string;
  /** Folders of shared libraries it needs that the machine does not have. */
  readonly libraries: readonly string[];
}

/** What `redis-server` links to in Debian 12 and Ubuntu 22.04 or later, beyond what every such machine has. */
const packages = [
  "redis-server",
  "redis-tools",
  "liblzf1",
  "libatomic1",
  "libjemalloc2",
  "liblua5.1-0",
  "lua-bitop",
  "lua-cjson",
];

const run = promisify(execFile);

/** @throws Error in one line that says what to install, when the machine has none and Debian's cannot be fetched */
export async function redisProgram(searchPath: string): Promise<RedisProgram> {
  for (const folder of searchPath.split(delimiter).filter(Boolean)) {
    const path = join(folder, "redis-server");
    if (await isExecutable(path)) return { path, libraries: [] };
  }
  const cache = await programCache();
  const target = join(cache, "redis");
  if (!(await isExecutable(join(target, "usr/bin/redis-server")))) await fetchPackages(cache, target);
  const libraries = join(target, "usr/lib", `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`);
  return { path: join(target, "usr/bin/redis-server"), libraries: [libraries] };
}

async function fetchPackages(cache: string, target: string): Promise<void> {
  try {
    await inDraft(cache, "redis", async (draft) => {
      await download(draft);
      const unpacked = join(draft, "unpacked");
      for (const file of (await readdir(draft)).filter((name) => name.endsWith(".deb"))) {
        await run("dpkg-deb", ["-x", join(draft, file), unpacked]);
      }
      await chmod(unpacked, 0o755);
      await rename(unpacked, target);
    });
  } catch (error) {
    const reason = (error as { stderr?: string }).stderr?.trim().split("\n").at(-1) || (error as Error).message;
    throw new ReluctantError(
      "unavailable",
      `Redis is missing: \`apt-get install redis-server\`, or set REDIS_URL. (Fetching Debian's: ${reason})`,
    );
  }
}

/** apt with lists and cache of our own; the machine's are root's. */
async function download(folder: string): Promise<void> {
  const state = join(folder, "state");
  const cache = join(folder, "cache");
  await mkdir(join(state, "lists/partial"), { recursive: true });
  await mkdir(join(cache, "archives/partial"), { recursive: true });
  const own = [`Dir::State=${state}`, "Dir::State::status=/var/lib/dpkg/status", `Dir::Cache=${cache}`];
  const options = [...own, "APT::Sandbox::User="].flatMap((option) => ["-o", option]);
  await run("apt-get", [...options, "update"], { cwd: folder });
  await run("apt-get", [...options, "download", ...packages], { cwd: folder });
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
