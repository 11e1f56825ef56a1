/** Runs the sweep to its end: a finding ends the process, so the next one goes on behind that case. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guarded, root } from "./build.mjs";
import { cases } from "./cases.mjs";

/** Enough to see of what kind they are. */
const mostFindings = 100;

/**
 * @param {{ level: string, precision: string, threads: number, at: "end" | "start", from?: number, to?: number }} options
 *   `at`: where blocks touch a page without access
 * @returns {string[]} one text for each finding
 */
export function findingsOfSweep({ level, precision, threads, at, from = 0, to = cases().length }) {
  const findings = [];
  for (let next = from; next < to && findings.length < mostFindings; ) {
    const { ended, last, report } = run({ level, precision, threads, at }, next, to);
    if (ended) break;
    const what = `${level}, ${precision}, ${threads} threads, blocks flush with their ${at}: ${JSON.stringify(cases()[last])}`;
    findings.push(`${what}\n  ${report}`);
    next = last + 1;
  }
  return findings;
}

function run({ level, precision, threads, at }, from, to) {
  const folder = mkdtempSync(join(tmpdir(), "reluctant-guard-"));
  const prefix = join(folder, "report");
  try {
    const settings = {
      TFJS_TORCH_CPU_LEVEL: level,
      TFJS_TORCH_GUARD_AT: at,
      TFJS_TORCH_GUARD_REPORT: prefix,
      OMP_WAIT_POLICY: "passive", // threads that wait for each other actively starve on a busy machine
    };
    const child = spawnSync(process.execPath, ["test/guard/sweep.mjs", precision, threads, from, to], {
      cwd: root,
      env: { ...guarded, ...settings },
      maxBuffer: 2 ** 26,
      encoding: "utf8",
    });
    const file = `${prefix}.${child.pid}`;
    const report = existsSync(file) ? readFileSync(file, "utf8").trim() : `ended by ${child.signal}`;
    if (child.status !== 0 && !child.signal) throw new Error(`the sweep itself failed:\n${child.stderr}`);
    return { ended: child.status === 0, last: Number(child.stdout.trim().split("\n").at(-1) || from), report };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
