import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Found } from "./part.ts";

/** Of TensorFlow.js' own specs every so many-eth: 4,220 take minutes. All of them run on CPUs by `npm run conformance`. */
const sample = "6";

/** Some of TensorFlow.js' own specs on this device: kernels, and with them operator schemas, are called and their values looked at. */
export function schemas(): Promise<Found> {
  const main = fileURLToPath(new URL("../conformance/main.mjs", import.meta.url));
  const specs = fileURLToPath(new URL("specs.cjs", import.meta.url));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, "--specs", specs, "--sample", sample],
      { maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        const lines = stdout.trim().split("\n");
        const failures = lines.filter((line) => line.startsWith("failed: ")).slice(0, 40);
        const [calls, counts] = lines.slice(-2).map(parsed);
        if (!calls || !counts) resolve({ ok: false, error: `${error?.message}\n${stderr}`.slice(-2000) });
        else resolve({ ok: !error, ...calls, ...counts, failures });
      },
    );
  });
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
