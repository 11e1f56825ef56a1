/** What the local stack has to know about the machine it runs on: who we are, where programs are kept, which ports are free. */
import { chmod, mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import { homeCache } from "@reluctant/machine";

/** A user and group that a server process runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` on every Linux: owns nothing but the data folders we give it. */
const nobody: Identity = { uid: 65534, gid: 65534 };

const isRoot = (): boolean => process.getuid?.() === 0;

/** PostgreSQL refuses to run as root, so root hands its servers to `nobody`; everybody else runs them as themselves. */
export const serverIdentity = (): Identity | undefined => (isRoot() ? nobody : undefined);

/**
 * The folder for programs that we copy or unpack once per machine and user. Root's lies outside its home, because
 * `nobody` must be able to run what is in it; the last resort serves users without a writable home.
 */
export async function programCache(): Promise<string> {
  const candidates = [
    ...(isRoot() ? ["/var/cache/reluctant"] : [homeCache(process.env) ?? []].flat()),
    join(tmpdir(), `reluctant-cache-${process.getuid?.() ?? 0}`),
  ];
  for (const folder of candidates) {
    // chmod: whatever our umask says, the servers' user must get in; and somebody else's folder is refused by it.
    const usable = await mkdir(folder, { recursive: true })
      .then(() => chmod(folder, 0o755))
      .then(
        () => true,
        () => false,
      );
    if (usable) return folder;
  }
  throw new ReluctantError(
    "unavailable",
    `No folder for programs: none of ${candidates.join(", ")} is writable. Make one of them writable.`,
  );
}

/** A TCP port on 127.0.0.1 that was free a moment ago; whoever binds it must be ready to find it taken. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("No port.")),
      );
    });
  });
}

/** `preferred` when nothing listens on it, else any free port. */
export function freePortNear(preferred: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", () => freePort().then(resolve, reject));
    server.listen(preferred, "127.0.0.1", () => server.close(() => resolve(preferred)));
  });
}
