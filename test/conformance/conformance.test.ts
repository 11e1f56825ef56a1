import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { whereTorch } from "../../packages/tfjs-backend-torch/src/where-torch.ts";

/** Runs a script in a process of its own, for it may crash, and gives how it ended and what it printed. */
function run(script: string, args: string[]): Promise<{ ending: unknown; lines: string[] }> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { maxBuffer: 2 ** 26 }, (error, stdout) => {
      resolve({ ending: error ? (error.code ?? error.signal) : 0, lines: stdout.trim().split("\n") });
    });
  });
}

const timeout = 300_000; // 5 s alone, a minute where everything else is tested at the same time

describe("the torch backend", whereTorch, () => {
  // a spec that has come to pass, or is gone, must leave the list of exclusions: it counts as failed
  it.each([
    { operators: "called at once", args: [] },
    { operators: "on the engine thread", args: ["--async"] },
  ])("passes TensorFlow.js' own tests with operators $operators", { timeout }, async ({ args }) => {
    const { ending, lines } = await run("main.mjs", args);
    expect(lines.filter((line) => line.startsWith("failed: "))).toEqual([]);
    const { passed, excluded, failed, delegated } = JSON.parse(lines.at(-1) as string);
    expect({ ending, failed }).toEqual({ ending: 0, failed: 0 });
    expect(passed / (passed + excluded)).toBeGreaterThanOrEqual(0.97);
    expect(passed).toBeGreaterThan(4000);
    expect(delegated).toBeLessThanOrEqual(25);
  });

  it("answers odd inputs with an error, never with a crash", { timeout }, async () => {
    const { ending, lines } = await run("odd-inputs.mjs", ["2"]);
    expect({ ending, last: lines.at(-1) }).toEqual({ ending: 0, last: expect.stringMatching(/"wrong":0/) });
  });
});
