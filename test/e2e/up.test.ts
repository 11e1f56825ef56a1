/** A stack started as in a container: no terminal, and a home that cannot be written. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";

const main = join(import.meta.dirname, "../../apps/cli/dist/main.js");
let folder: string;
let up: ChildProcess;
let lines: string[];
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-up-"));
  await writeFile(join(folder, "home"), ""); // a file: not even root makes a folder in it
  env = {
    PATH: process.env.PATH,
    HOME: join(folder, "home"),
    RELUCTANT_BACKEND: "wasm",
    RELUCTANT_DATA: "glyphs-small",
  };
  up = spawn(process.execPath, [main, "up", "--data", "var"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  lines = [];
  for (const stream of [up.stdout, up.stderr])
    createInterface(stream as NonNullable<typeof stream>).on("line", (line) => lines.push(line));
  const ready = new Promise<void>((resolve) => {
    createInterface(up.stdout as NonNullable<typeof up.stdout>).on("line", (line) => {
      if (line.startsWith("Reluctant is up at ")) resolve();
    });
  });
  const ended = once(up, "exit").then(() => Promise.reject(new Error(`it ended:\n${lines.join("\n")}`)));
  ended.catch(() => undefined);
  await Promise.race([ready, ended]);
}, 120_000);
afterAll(async () => {
  if (up.exitCode === null && up.kill("SIGKILL")) await once(up, "exit");
  await rm(folder, { recursive: true, force: true });
});

it("says what it waits for, a line each, though nobody sits at a terminal", () => {
  const parts = ["postgres", "migrations", "redis", "coordinator", "api", "worker-1"];
  const starts = lines.filter((line) => /^starting \S+$/.test(line));
  expect(starts).toEqual(parts.map((part) => `starting ${part}`));
  expect(lines.join("\n")).not.toMatch(/EACCES|ENOTDIR|\p{Cc}(?<![\n\t])|\n\s+at /u);
});

it("shows on a pipe how far an experiment is before any of its stages ends", async () => {
  const train = { length: { images: 1_500 } };
  const spec = {
    name: "piped",
    dataset: "glyphs-small",
    model: "resnet8",
    recipe: "debug",
    until: "train",
    settings: { train },
  };
  await writeFile(join(folder, "spec.yaml"), JSON.stringify(spec));
  const stdout = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, [main, "submit", "spec.yaml", "--watch"], { cwd: folder, env }, (error, out) =>
      error ? reject(error) : resolve(out),
    ),
  );
  const said = stdout.split("\n");
  const first = (form: RegExp) => said.findIndex((line) => form.test(line));
  expect(first(/^train {8}.*(\d+ %|starting)/)).toBeGreaterThan(0);
  expect(first(/^train {8}.*(\d+ %|starting)/)).toBeLessThan(first(/^done {4}train/));
  expect(said.some((line) => /^0\/1 stage runs done.* ETA /.test(line))).toBe(true);
  expect(said).toContain("piped: finished");
  expect(stdout).not.toContain("\u001b");
}, 180_000);

it("ends with 0 when it is asked to, and nothing of it is left", async () => {
  const url = (await readFile(join(folder, "var/url"), "utf8")).trim();
  up.kill("SIGTERM");
  expect(await once(up, "exit")).toEqual([0, null]);
  expect(lines.at(-1)).toBe("Stopping …");
  await expect(fetch(url)).rejects.toThrow();
}, 60_000);
