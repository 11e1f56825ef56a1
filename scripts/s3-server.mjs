/**
 * The S3 server of tests and benches: versitygw over a folder, a program of Go's that is built once in `$RELUCTANT_CACHE`
 * (default `~/.cache/reluctant`).
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { isOnPath, run } from "./programs.mjs";

const version = "v1.8.0";
const module = "github.com/versity/versitygw/cmd/versitygw";
export const noGo = "no Go, which builds the S3 server of the tests";

/** The program, or undefined where it is not built. */
export function s3ServerOfTests() {
  const program = programOf();
  return existsSync(program) ? program : undefined;
}

/** Builds it where it is missing: 60 MB to download, three minutes. Answers why it could not, or nothing. */
export function ensureS3ServerOfTests() {
  const program = programOf();
  if (existsSync(program)) return "";
  if (!isOnPath("go")) return noGo;
  console.log("Building the S3 server of the tests (three minutes, once) …");
  const making = join(dirname(program), `.making-${hostname()}-${process.pid}`);
  mkdirSync(making, { recursive: true });
  try {
    const { status, output } = run("go", ["install", `${module}@${version}`], { env: { GOBIN: making }, quiet: true });
    if (status !== 0) return `go install ${module}@${version}: ${output.trim().split("\n").at(-1)}`;
    renameSync(join(making, "versitygw"), program); // there whole or not at all
    return "";
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

const programOf = () =>
  join(process.env.RELUCTANT_CACHE || join(homedir(), ".cache/reluctant"), `versitygw/${version}/versitygw`);
