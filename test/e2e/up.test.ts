/** A stack started as in a container: no terminal, and a home that cannot be written. */
import { type ChildProcess, spawn } from "node:child_process";
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

it("is told of a Redis that is not there, before anything waits for it", async () => {
  const args = [main, "up", "--data", "other"];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...env, REDIS_URL: "redis://u:secret@127.0.0.1:9" },
  });
  const said: string[] = [];
  child.stderr.on("data", (bytes) => said.push(String(bytes)));
  expect((await once(child, "close"))[0]).toBe(1);
  expect(said.join("")).toBe(
    "error: REDIS_URL: nothing answers at 127.0.0.1:9 (ECONNREFUSED); start Redis there, or leave REDIS_URL out\n",
  );
}, 60_000);

it("ends with 0 when it is asked to, and nothing of it is left", async () => {
  const url = (await readFile(join(folder, "var/url"), "utf8")).trim();
  up.kill("SIGTERM");
  expect(await once(up, "close")).toEqual([0, null]); // by then all that it said has been read
  expect(lines.at(-1)).toBe("Stopping …");
  await expect(fetch(url)).rejects.toThrow();
}, 60_000);
