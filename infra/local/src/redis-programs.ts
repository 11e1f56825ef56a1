/** `redis-server`: the machine's own, else Debian's packages, fetched and unpacked once without root. */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import { unpackedIn, unpackPackages } from "./debian-packages.ts";
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

/** @throws Error in one line that says what to install, when the machine has none and Debian's cannot be fetched */
export async function redisProgram(searchPath: string): Promise<RedisProgram> {
  for (const folder of searchPath.split(delimiter).filter(Boolean)) {
    const path = join(folder, "redis-server");
    if (await isExecutable(path)) return { path, libraries: [] };
  }
  const cache = await programCache();
  const { folder, libraries } = unpackedIn(cache, "redis");
  const path = join(folder, "usr/bin/redis-server");
  if (!(await isExecutable(path))) await fetchPackages(cache);
  return { path, libraries };
}

async function fetchPackages(cache: string): Promise<void> {
  try {
    await unpackPackages(cache, "redis", packages);
  } catch (error) {
    throw new ReluctantError(
      "unavailable",
      `Redis is missing: \`apt-get install redis-server\`, or set REDIS_URL. (Fetching Debian's: ${(error as Error).message})`,
    );
  }
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
