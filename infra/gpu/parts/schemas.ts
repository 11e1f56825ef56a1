import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Found } from "./part.ts";

/** TensorFlow.js' own specs on this device: every kernel, and with it every operator schema, is called and its values looked at. */
export function schemas(): Promise<Found> {
  const main = fileURLToPath(new URL("../conformance/main.mjs", import.meta.url));
  const specs = fileURLToPath(new URL("specs.cjs", import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [main, "--specs", specs], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const lines = stdout.trim().split("\n");
      const failures = lines.filter((line) => line.startsWith("failed: ")).slice(0, 40);
      const [calls, counts] = lines.slice(-2).map(parsed);
      if (!calls || !counts) resolve({ ok: false, error: `${error?.message}\n${stderr}`.slice(-2000) });
      else resolve({ ok: !error && (calls.uncalled as unknown[]).length === 0, ...calls, ...counts, failures });
    });
  });
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
