/**
 * The S3 server of tests and benches: versitygw over a folder, a program of Go's that is built once in `$RELUCTANT_CACHE`
 * (default `~/.cache/reluctant`). Where it cannot be built, the reason lies in its place, for tests to skip with.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { isOnPath, run } from "./programs.mjs";

const version = "v1.8.0";
const module = "github.com/versity/versitygw/cmd/versitygw";
export const noGo = "no Go, which builds the S3 server of the tests";
/** How the reason begins where there is Go, and it could not: too old a one, no way to its modules. */
export const notBuildable = "the S3 server of the tests could not be built";

/** The program, or undefined where it is not built. */
export function s3ServerOfTests() {
  const program = programOf();
  return existsSync(program) ? program : undefined;
}

/** Why it is not there, as the set-up found. */
export function whyNoS3Server() {
  if (!isOnPath("go")) return noGo;
  const reason = reasonOf();
  return existsSync(reason)
    ? readFileSync(reason, "utf8")
    : "the S3 server of the tests was not built: node scripts/setup.mjs --test";
}

/** Builds it where it is missing: 60 MB to download, three minutes. Answers why it could not, or nothing. */
export function ensureS3ServerOfTests() {
  const program = programOf();
  if (existsSync(program)) return "";
  if (!isOnPath("go")) return noGo;
  console.log("Building the S3 server of the tests (three minutes, once) …");
  const making = join(dirname(program), `.making-${hostname()}-${process.pid}`);
  mkdirSync(making, { recursive: true });
  rmSync(reasonOf(), { force: true });
  try {
    const { status, output } = run("go", ["install", `${module}@${version}`], { env: { GOBIN: making }, quiet: true });
    if (status !== 0) {
      const reason = `${notBuildable}: go install ${module}@${version}: ${output.trim().split("\n").at(-1)}`;
      writeFileSync(reasonOf(), reason);
      return reason;
    }
    renameSync(join(making, "versitygw"), program); // there whole or not at all
    return "";
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

const programOf = () =>
  join(process.env.RELUCTANT_CACHE || join(homedir(), ".cache/reluctant"), `versitygw/${version}/versitygw`);

const reasonOf = () => `${programOf()}.missing`;
