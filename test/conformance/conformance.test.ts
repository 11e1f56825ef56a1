import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it, type TestContext } from "vitest";

const minutes = 60_000;

/** Runs a script in a process of its own, which may crash, and gives what it printed. */
async function run(script: string, args: string[], { skip }: TestContext): Promise<{ code: unknown; lines: string[] }> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const code = error ? (error.code ?? error.signal) : 0;
      if (code === 3) skip(`libtorch is missing: ${stderr.trim()}`);
      resolve({ code, lines: stdout.trim().split("\n") });
    });
  });
}

describe("the torch backend", () => {
  // 5 s alone; every excluded name is looked up, and a spec that has come to pass must leave the list
  it("passes TensorFlow.js' own tests, except the few that are excluded with their reasons", {
    timeout: 5 * minutes,
  }, async (test) => {
    const { code, lines } = await run("main.mjs", [], test);
    expect(lines.filter((line) => line.startsWith("failed: "))).toEqual([]);
    const { passed, excluded, failed, delegated } = JSON.parse(lines.at(-1) as string);
    expect({ code, failed }).toEqual({ code: 0, failed: 0 });
    expect(passed / (passed + excluded)).toBeGreaterThanOrEqual(0.97);
    expect(passed).toBeGreaterThan(4000);
    expect(delegated).toBeLessThanOrEqual(25);
  });

  it("answers odd inputs with an error, never with a crash", { timeout: 5 * minutes }, async (test) => {
    const { code, lines } = await run("odd-inputs.mjs", ["2"], test);
    expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: expect.stringMatching(/"wrong":0/) });
  });
});
