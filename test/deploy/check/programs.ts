/** Programs that a check runs: brought from Debian where they are missing, and their output kept for whoever asks why. */
import { execFile } from "node:child_process";
import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { installWithApt } from "../../../scripts/apt.mjs";
import { isOnPath } from "../../../scripts/programs.mjs";
import { root } from "../files.ts";

/** Why these programs are not to be had here, or null; keys are programs, values Debian's packages. */
export function whyMissing(programs: Record<string, string>): string | null {
  const packages = Object.entries(programs).flatMap(([program, name]) => (isOnPath(program) ? [] : [name]));
  if (packages.length === 0) return null;
  const problem = installWithApt([...new Set(packages)]);
  return problem ? `no ${packages.join(", ")} here: ${problem}` : null;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Everything that it prints goes to this file, too. */
  log?: string;
}

/** What it printed on standard output. @throws Error with its last lines, where it failed */
export async function output(
  program: string,
  args: readonly string[],
  { cwd = root, env = {}, log }: RunOptions = {},
): Promise<string> {
  const run = promisify(execFile)(program, args, {
    cwd,
    env: { ...process.env, ...env },
    maxBuffer: 256 * 2 ** 20,
  });
  const ended = await run.catch((error: Error & { stdout: string; stderr: string }) => error);
  if (log) {
    await mkdir(dirname(log), { recursive: true });
    await appendFile(log, `$ ${program} ${args.join(" ")}\n${ended.stdout}${ended.stderr}\n`);
  }
  if (!(ended instanceof Error)) return ended.stdout.trim();
  const last = `${ended.stdout}\n${ended.stderr}`.trim().split("\n").slice(-20).join("\n");
  throw new Error(`${program} ${args.slice(0, 3).join(" ")} failed${log ? `; all of it is in ${log}` : ""}\n${last}`);
}
