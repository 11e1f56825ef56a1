/** Debian's packages, fetched and unpacked once without root, for programs that the machine does not have. */
import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { inDraft } from "./draft-folder.ts";

const run = promisify(execFile);

export interface Unpacked {
  /** Where `usr/bin` and the like are. */
  readonly folder: string;
  /** Folders of shared libraries that its programs need and the machine may not have. */
  readonly libraries: readonly string[];
}

/** What the packages hold when unpacked into this folder of the cache. */
export const unpackedIn = (cache: string, name: string): Unpacked => {
  const folder = join(cache, name);
  const triplet = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  return { folder, libraries: [join(folder, "usr/lib", triplet)] };
};

/** @throws Error whose message is apt's last line, where they cannot be fetched */
export async function unpackPackages(cache: string, name: string, packages: readonly string[]): Promise<void> {
  try {
    await inDraft(cache, name, async (draft) => {
      await download(draft, packages);
      const unpacked = join(draft, "unpacked");
      for (const file of (await readdir(draft)).filter((candidate) => candidate.endsWith(".deb"))) {
        await run("dpkg-deb", ["-x", join(draft, file), unpacked]);
      }
      await chmod(unpacked, 0o755);
      await rename(unpacked, join(cache, name));
    });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(stderr?.trim().split("\n").at(-1) || message, { cause: error });
  }
}

/** apt with lists and cache of our own; the machine's are root's. */
async function download(folder: string, packages: readonly string[]): Promise<void> {
  const state = join(folder, "state");
  const cache = join(folder, "cache");
  await mkdir(join(state, "lists/partial"), { recursive: true });
  await mkdir(join(cache, "archives/partial"), { recursive: true });
  const own = [`Dir::State=${state}`, "Dir::State::status=/var/lib/dpkg/status", `Dir::Cache=${cache}`];
  const options = [...own, "APT::Sandbox::User="].flatMap((option) => ["-o", option]);
  await run("apt-get", [...options, "update"], { cwd: folder });
  await run("apt-get", [...options, "download", ...packages], { cwd: folder });
}
