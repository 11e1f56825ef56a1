/** Joining an installation from another machine: a file that says where it is, and what is looked at before a worker starts. */
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { ReluctantError } from "@reluctant/contracts";
import { readInputFile } from "./input-file.ts";

const migrations = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

/** What a process of another machine has to be told; the same for all of an installation. */
const told = ["DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "RELUCTANT_ARTIFACTS"] as const;
type Addresses = Partial<Record<(typeof told)[number], string | undefined>>;

/** The file's lines, which a shell reads alike: values of URLs are quoted. */
export const joinFile = (addresses: Addresses): string =>
  told.flatMap((name) => (addresses[name] ? [`${name}='${addresses[name]}'\n`] : [])).join("");

/** The variables of such a file. @throws ReluctantError that names the file, and what it lacks */
export async function readJoinFile(path: string): Promise<NodeJS.ProcessEnv> {
  const settings = parseEnv(new TextDecoder().decode(await readInputFile(path)));
  for (const name of ["DATABASE_URL", "REDIS_URL"])
    if (!settings[name])
      throw new ReluctantError(
        "invalid-request",
        `${path} has no line ${name}=…: \`npx reluctant admin join-file\` prints it where the installation runs`,
      );
  return settings;
}

/** A note for each address that no other machine reaches. */
export const unreachable = (addresses: Addresses): string[] =>
  (["DATABASE_URL", "REDIS_URL"] as const)
    .filter((name) => /(\/\/|@|,)(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]/.test(addresses[name] ?? ""))
    .map(
      (name) =>
        `${name} is of this machine alone: other machines reach it by a tunnel to the same port (ssh -L), or by an address that you write in its place`,
    );

/** Others of the machine could read the passwords in it. */
export async function readableByOthers(path: string): Promise<string[]> {
  const { mode } = await stat(path);
  return (mode & 0o170077) > 0o100000
    ? [`others of this machine can read ${path}, which holds passwords: chmod 600`]
    : [];
}

/** Leases go by Postgres' clock: what is left is the order of logs, and that S3 refuses a request of a quarter of an hour ago. */
const clockMayDifferMs = 5_000;

/**
 * Reaches Postgres and Redis as a worker would, and looks whether versions and rights fit; answers notes on what does not harm.
 * @throws ReluctantError that names the variable, what is wrong and what to do
 */
export async function checkInstallation(databaseUrl: string, redisUrl: string): Promise<string[]> {
  const [{ checkForWorker }, { checkRedis }] = await Promise.all([import("@reluctant/db"), import("@reluctant/queue")]);
  const [{ clockAheadMs }] = await Promise.all([checkForWorker(databaseUrl, migrations), checkRedis(redisUrl)]);
  const seconds = Math.round(Math.abs(clockAheadMs) / 1_000);
  const direction = clockAheadMs > 0 ? "ahead of" : "behind";
  return Math.abs(clockAheadMs) > clockMayDifferMs
    ? [
        `this machine's clock is ${seconds} s ${direction} Postgres': its logs are told at other times, and S3 refuses 15 min`,
      ]
    : [];
}
