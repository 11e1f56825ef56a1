import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "../../dist/main.js");
const reluctant = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(process.execPath, [main, ...args], { env: { ...process.env, ...env } });

test("each backend says what it runs on, or what it lacks and how to get it", { timeout: 60_000 }, async () => {
  const { stdout } = await reluctant(["backends", "--json"], { LIBTORCH: "/nowhere", LIBTENSORFLOW: "/nowhere" });
  const lacking = (backend: string, reason: RegExp) => ({
    backend,
    engine: null,
    reason: expect.stringMatching(reason),
  });
  const running = (backend: string) => ({ backend, engine: expect.objectContaining({ backend }), reason: null });
  expect(JSON.parse(stdout)).toEqual([
    lacking("torch", /^backend torch: LIBTORCH=\/nowhere has no /),
    lacking(
      "tensorflow",
      /^backend tensorflow: LIBTENSORFLOW=\/nowhere has no .*`npx reluctant backends add tensorflow`/,
    ),
    running("wasm"),
    running("cpu"),
  ]);
});

test("a backend that cannot be added says in one line what is missing", async () => {
  const added = reluctant(["backends", "add", "tensorflow"], { LIBTENSORFLOW: "/nowhere" });
  await expect(added).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: LIBTENSORFLOW=\/nowhere has no libtensorflow_cc\.so\.2: .*\n$/),
  });
});

test.each([["worker"], ["demo"]])("%s takes a backend that there is", async (command) => {
  await expect(reluctant([command, "--backend", "cuda"])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Allowed choices are torch, tensorflow, wasm, cpu."),
  });
});
