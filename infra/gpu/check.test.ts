/** The check for GPU machines, carried out here: what of it does not need a GPU, from a folder that has no npm. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureBuilt } from "@reluctant/tfjs-backend-torch";
import { afterAll, expect, test } from "vitest";
import { noPyTorch, python } from "../../test/python.ts";
import { skipFor } from "../../test/skip-for.ts";

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), "reluctant-gpu-check-"));
afterAll(() => rm(folder, { recursive: true }));

const built = await ensureBuilt();
const missing = "missing" in built ? built.missing : noPyTorch;

const fast = ["build", "kernels", "memory", "sgd-step", "replay", "resnet20-ours", "resnet20-eager"];

test("its fast parts pass on a CPU", { timeout: 600_000, ...skipFor(missing) }, async () => {
  await run(process.execPath, ["infra/gpu/bundle.mjs", folder]);
  await cp(process.execPath, join(folder, "node"));
  const env = { ...process.env, PYTHON: python, SLOWER: "10" };
  await run("sh", [join(folder, "check.sh"), ...fast], { env }).catch(() => undefined); // the results say why
  const lines = (await readFile(join(folder, "results.jsonl"), "utf8")).trim().split("\n");
  const results = lines.map((line) => JSON.parse(line));
  expect(results).toEqual(fast.map((part) => expect.objectContaining({ part, ok: true })));
  expect(results).toContainEqual(expect.objectContaining({ part: "build", device: "cpu" }));
  expect(results).toContainEqual(expect.objectContaining({ part: "memory", cuda: "not run: no CUDA device" }));
  expect(results).toContainEqual(expect.objectContaining({ part: "replay", graph: "not run: no CUDA device" }));
});

/** The lines of parts that are all `false`, which fails at once. */
async function failing(parts: string[], env: NodeJS.ProcessEnv) {
  await cp("infra/gpu/check.sh", join(folder, "check.sh"));
  const started = run("sh", [join(folder, "check.sh"), ...parts], { env: { ...process.env, NODE: "false", ...env } });
  const { code, stdout } = await started.catch((error) => error);
  expect(code).toBe(1);
  expect(stdout).toBe(await readFile(join(folder, "results.jsonl"), "utf8"));
  return stdout
    .trim()
    .split("\n")
    .map((line: string) => JSON.parse(line));
}

test("a part that ends without a result has a line that says so, and the others run", async () => {
  const error = expect.stringContaining("no result");
  expect(await failing(["nonsense", "more"], {})).toEqual([
    { part: "nonsense", ok: false, error },
    { part: "more", ok: false, error },
  ]);
});

test("a group has its parts, the most important first, and says for which of them no time was left", async () => {
  const error = "not run: no time is left";
  for (const [group, first] of [
    ["correct", ["build", "kernels", "replay"]],
    ["speed", ["build", "resnet18-ours", "resnet20-ours", "resnet50-ours", "resnet18-eager"]],
  ] as const) {
    const lines = await failing([group], { SLOWER: "0" });
    expect(lines.slice(0, first.length)).toEqual(first.map((part) => ({ part, ok: false, error })));
    expect(lines.length).toBeGreaterThan(8);
  }
});
