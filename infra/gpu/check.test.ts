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

const fast = ["build", "memory", "sgd-step", "replay"];

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

test("a part that ends without a result has a line that says so", async () => {
  await cp("infra/gpu/check.sh", join(folder, "check.sh"));
  const ending = await run("sh", [join(folder, "check.sh"), "nonsense"], {
    env: { ...process.env, NODE: "false" },
  }).catch((error) => error.code);
  expect(ending).toBe(1);
  const [line = ""] = (await readFile(join(folder, "results.jsonl"), "utf8")).split("\n");
  expect(JSON.parse(line)).toMatchObject({ part: "nonsense", ok: false, error: expect.stringContaining("no result") });
});
