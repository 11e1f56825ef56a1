/**
 * `npm run test:guard`: the torch backend with each block of its memory between pages without access, which finds wrong
 * accesses of generated code, too. A sweep over shapes at every level of instructions that this machine has, with blocks
 * flush with a page at either end; then the tests of the backend, the training operations and the engine, at the level below the machine's own
 * first: oneDNN's code for it runs on other machines. `npm run test:guard -- sweep` or `-- tests` runs one of the two.
 * The last line is {"findings":…,"failed":[…]}. Exit code 0 when both are none, 1 otherwise, 3 when something is missing.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, guarded, root } from "./build.mjs";
import { findingsOfSweep } from "./sweeping.mjs";

const parts = { sweep, tests };
const [chosen] = process.argv.slice(2);
if (chosen && !(chosen in parts)) {
  console.error(`no part "${chosen}": use sweep or tests, or none for both`);
  process.exit(2);
}
const status = build();
if (status !== 0) process.exit(status ?? 1);
const { machineCpuLevels, registerTorchBackend, supportedPrecisions } = await import("@reluctant/tfjs-backend-torch");
await registerTorchBackend();
const levels = machineCpuLevels();

const findings = [];
const failed = [];
for (const [name, run] of Object.entries(parts)) if (!chosen || chosen === name) run();
for (const finding of findings) console.log(finding);
console.log(JSON.stringify({ findings: findings.length, failed }));
process.exitCode = findings.length + failed.length > 0 ? 1 : 0;

function sweep() {
  for (const level of levels) {
    // batches of 2, 3 and 5 images: threads that do not divide them share the work in other ways
    const runs = [
      { precision: "fp32", threads: 1, at: "end" },
      { precision: "fp32", threads: 2, at: "start" },
      { precision: "fp32", threads: 3, at: "end" },
    ];
    if (level === levels.at(-1) && supportedPrecisions().includes("bf16"))
      runs.push({ precision: "bf16", threads: 2, at: "end" });
    for (const run of runs) {
      console.log(`--- sweep at ${level}, ${run.precision}, ${run.threads} threads, blocks flush with their ${run.at}`);
      findings.push(...findingsOfSweep({ level, ...run }));
    }
  }
}

function tests() {
  const level = levels.at(-2) ?? levels.at(-1);
  const reports = mkdtempSync(join(tmpdir(), "reluctant-guard-"));
  console.log(`--- tests of the backend, the training operations and the engine at ${level}`);
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/guard/vitest.config.ts"];
  const settings = { TFJS_TORCH_CPU_LEVEL: level, TFJS_TORCH_GUARD_REPORT: join(reports, "report") };
  const { status } = spawnSync(process.execPath, vitest, {
    cwd: root,
    env: { ...guarded, ...settings },
    stdio: "inherit",
  });
  if (status !== 0) failed.push(`tests at ${level}`);
  findings.push(...readdirSync(reports).map((file) => readFileSync(join(reports, file), "utf8").trim()));
  rmSync(reports, { recursive: true });
}
