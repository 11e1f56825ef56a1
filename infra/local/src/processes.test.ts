import { spawn } from "node:child_process";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { expect, onTestFinished, test, vi } from "vitest";
import { createProcess, type ProcessSpec } from "./processes.ts";

/** A process that runs `script`, and is ready when it prints "ready". */
async function setup(script: string, changes: Partial<ProcessSpec> = {}) {
  const dir = await mkdtemp(join(tmpdir(), "process-"));
  const part = createProcess({
    name: "part",
    command: [process.execPath, "-e", script],
    cwd: dir,
    env: { PATH: process.env.PATH },
    log: join(dir, "logs/part.log"),
    ready: { line: (line) => line === "ready" },
    stopSignal: "SIGTERM",
    orphanSignal: "SIGKILL",
    ...changes,
  });
  onTestFinished(async () => {
    await part.stop();
    await rm(dir, { recursive: true });
  });
  return { dir, part, log: () => readFile(join(dir, "logs/part.log"), "utf8") };
}

const waits = 'console.log("ready"); setInterval(() => {}, 1e6);';

const isGone = (pid: number) =>
  access(`/proc/${pid}/cwd`).then(
    () => false,
    () => true,
  );

test("a started process has an id and a log; a stopped one has neither id nor process", async () => {
  const { part, log } = await setup(waits);
  await part.start();
  const pid = part.pid as number;
  expect(await isGone(pid)).toBe(false);
  await part.stop();
  await part.stop();
  expect(part.pid).toBeUndefined();
  expect(await isGone(pid)).toBe(true);
  expect(await log()).toBe("ready\n");
});

test("a process that ends before it is ready fails the start with its last lines", async () => {
  const { part } = await setup('console.error("no such thing"); process.exit(3);');
  await expect(part.start()).rejects.toThrow(/part ended with exit code 3.*\nno such thing/);
  expect(part.pid).toBeUndefined();
});

test("a program that does not exist fails the start", async () => {
  const { part } = await setup("", { command: ["/nonexistent/program"] });
  await expect(part.start()).rejects.toThrow(/part ended with exit code 127|could not be started/);
});

test("a killed process can be started again, and its end is not reported as a crash", async () => {
  const onCrash = vi.fn();
  const { part } = await setup(waits, { onCrash });
  await part.start();
  const before = part.pid;
  await part.kill("SIGKILL");
  expect(part.pid).toBeUndefined();
  await part.start();
  expect(part.pid).not.toBe(before);
  expect(onCrash).not.toHaveBeenCalled();
});

test("a process that ends by itself is reported", async () => {
  const onCrash = vi.fn();
  const { part } = await setup('console.log("ready"); setTimeout(() => process.exit(7), 20);', { onCrash });
  await part.start();
  await vi.waitFor(() => expect(onCrash).toHaveBeenCalledWith("part", "exit code 7"), 10_000);
});

test("a frozen process stops when asked to", async () => {
  const { part } = await setup(waits);
  await part.start();
  const pid = part.pid as number;
  part.freeze();
  await part.stop();
  expect(await isGone(pid)).toBe(true);
});

test("the process ends when its launcher is killed, even while frozen", async () => {
  const { dir } = await setup(waits);
  const module = join(dir, "processes.mjs");
  const entry = join(import.meta.dirname, "processes.ts");
  await build({ entryPoints: [entry], outfile: module, bundle: true, platform: "node", format: "esm" });
  const launcher = spawn(process.execPath, ["--input-type=module", "-e", launcherScript(module)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void launcher.kill("SIGKILL"));
  const pid = Number(await new Promise<string>((resolve) => createInterface(launcher.stdout).once("line", resolve)));
  launcher.kill("SIGKILL");
  await vi.waitFor(async () => expect(await isGone(pid)).toBe(true), 10_000);
});

/** Starts a process, freezes it, prints its id and waits. */
const launcherScript = (module: string) => `
  import { createProcess } from ${JSON.stringify(module)};
  const part = createProcess({
    name: "part", command: [process.execPath, "-e", ${JSON.stringify(waits)}], cwd: "/", env: {}, log: "/dev/null",
    ready: { line: (line) => line === "ready" }, stopSignal: "SIGTERM", orphanSignal: "SIGKILL",
  });
  await part.start();
  part.freeze();
  console.log(part.pid);
  setInterval(() => {}, 1e6);`;
