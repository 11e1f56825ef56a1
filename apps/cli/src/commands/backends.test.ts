import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { backendNames } from "@reluctant/contracts";
import { Command } from "commander";
import { expect, test } from "vitest";
import { listed } from "./backends.ts";
import { demo } from "./demo.ts";
import { worker } from "./worker.ts";

const main = join(import.meta.dirname, "../../dist/main.js");
const reluctant = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(process.execPath, [main, ...args], { env: { ...process.env, ...env } });

const running = (backend: string) => ({ backend, engine: expect.objectContaining({ backend }), reason: null });
const lacking = (backend: string, reason: RegExp) => ({ backend, engine: null, reason: expect.stringMatching(reason) });

test("backends that run here do so in one process", { timeout: 60_000 }, async () => {
  const { stdout } = await reluctant(["backends", "--jsonl"]);
  const standings = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { backend: string; engine: object | null });
  expect(standings.map(({ backend }) => backend)).toEqual(backendNames);
  for (const standing of standings)
    expect(standing).toEqual(
      standing.engine ? running(standing.backend) : lacking(standing.backend, /^backend (torch|tensorflow): /),
    );
});

test("a backend that does not run here says what it lacks and how to get it", { timeout: 60_000 }, async () => {
  const { stdout } = await reluctant(["backends", "--json"], { LIBTORCH: "/nowhere", LIBTENSORFLOW: "/nowhere" });
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

test("a row names its backend once", () => {
  const reason = "backend tensorflow: LIBTENSORFLOW=/nowhere has no libtensorflow_cc.so.2";
  const [, row] = listed([{ backend: "tensorflow", engine: null, reason }])
    .trim()
    .split("\n");
  expect(row).toMatch(/^tensorflow +no +– +– +LIBTENSORFLOW=\/nowhere has no libtensorflow_cc\.so\.2$/);
});

test("a backend that cannot be added says in one line what is missing", { timeout: 60_000 }, async () => {
  const added = reluctant(["backends", "add", "tensorflow"], { LIBTENSORFLOW: "/nowhere" });
  await expect(added).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: LIBTENSORFLOW=\/nowhere has no libtensorflow_cc\.so\.2: .*\n$/),
  });
});

test.each([
  ["worker", worker],
  ["demo", demo],
])("%s takes a backend that there is, and no other", async (name, add) => {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  add(program);
  await expect(program.parseAsync([name, "--backend", "cuda"], { from: "user" })).rejects.toThrow(
    "Allowed choices are torch, tensorflow, wasm, cpu.",
  );
});
