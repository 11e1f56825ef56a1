import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FromChild } from "@reluctant/contracts";
import { identify, isAlive, type ProcessId } from "@reluctant/machine";
import { engineOf } from "@reluctant/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childEnvironment, startChild } from "./child-process.ts";
import { takeSlot } from "./slot-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-child-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Starts a child that runs this program. */
async function setup(program: string) {
  const script = join(folder, `${crypto.randomUUID()}.mjs`);
  await writeFile(script, program);
  const messages: FromChild[] = [];
  let output = "";
  let hear: (message: FromChild) => void = () => {};
  const heard = new Promise<FromChild>((resolve) => (hear = resolve));
  const child = startChild({
    script: pathToFileURL(script),
    args: [],
    env: { ...process.env, DATABASE_URL: "postgresql://secret", RELUCTANT_TOKEN: "secret" },
    onMessage(message) {
      messages.push(message);
      hear(message);
    },
    onOutput: (bytes) => (output += Buffer.from(bytes).toString()),
  });
  return { child, messages, heard, output: () => output };
}

test("a child sees no secret of its supervisor", () => {
  const env = {
    DATABASE_URL: "a",
    REDIS_URL: "b",
    RELUCTANT_TOKEN: "c",
    PGPASSWORD: "d",
    PATH: "/bin",
    CUDA_VISIBLE_DEVICES: "1",
    CUBLAS_WORKSPACE_CONFIG: ":16:8",
    RELUCTANT_BACKEND: "cpu",
    RELUCTANT_DETERMINISTIC: "1",
  };
  expect(childEnvironment(env)).toEqual({
    PATH: "/bin",
    CUDA_VISIBLE_DEVICES: "1",
    CUBLAS_WORKSPACE_CONFIG: ":16:8",
    RELUCTANT_BACKEND: "cpu",
    RELUCTANT_DETERMINISTIC: "1",
  });
});

test("all that a child said is delivered before it counts as gone", async () => {
  const { child, messages, output } = await setup(`
    console.log("to the log");
    for (let step = 0; step < 500; step++) process.send({ type: "started", step });
    process.send({ type: "stopped", step: 500 }, () => process.exit(0));
  `);
  expect(await child.gone).toMatchObject({ code: 0, signal: null });
  expect(messages).toHaveLength(501);
  expect(output()).toBe("to the log\n");
});

test("a kill ends the child and the processes that it started", async () => {
  const { child, heard } = await setup(`
    import { spawn } from "node:child_process";
    const helper = spawn("sleep", ["600"]);
    process.send({ type: "started", step: helper.pid });
  `);
  const message = await heard;
  const helper = message.type === "started" ? await identify(message.step) : null;
  child.kill();
  expect(await child.gone).toMatchObject({ code: null, signal: "SIGKILL" });
  expect(helper && (await isAlive(helper))).toBe(false);
});

test("a crash is told with the last lines of standard error", async () => {
  const { child } = await setup(`console.error("cannot open the device"); process.exit(3);`);
  expect(await child.gone).toMatchObject({ code: 3, lastLines: ["cannot open the device"] });
});

test("a child that somebody stops goes on, and its output says so", async () => {
  const { child, heard, output } = await setup(`
    process.on("SIGCONT", () => process.exit(0));
    process.send({ type: "started", step: 0 });
    setInterval(() => {}, 1000);`);
  await heard;
  process.kill(child.pid, "SIGSTOP");
  expect(await child.gone).toMatchObject({ code: 0 });
  expect(output()).toContain("had been stopped");
});

test("a child that sends what nobody understands is ended, with what was wrong", async () => {
  const { child } = await setup(`process.send({ type: "nonsense" }); setInterval(() => {}, 1000);`);
  const end = await child.gone;
  expect(end.signal).toBe("SIGKILL");
  expect(end.lastLines.join("\n")).toMatch(/could not read a message/);
});

test("a starting supervisor ends the process group that an earlier one left, and no other", async () => {
  const { child, heard } = await setup(`process.send({ type: "started", step: 0 }); setInterval(() => {}, 1000);`);
  await heard;
  const record = join(folder, "slots", "w1", "1");
  const { slot } = await takeSlot(folder, "w1");
  await slot.hold(child.pid);
  const left = (await identify(child.pid)) as ProcessId;
  const dead = (process: ProcessId) => ({ ...process, startTime: "1" });
  const write = async (file: string, child: ProcessId) =>
    writeFile(file, JSON.stringify({ process: dead(left), content: { child } }));

  await write(record, dead(left)); // the number is used again by another process
  expect((await takeSlot(folder, "w1")).ended).toBeNull();
  expect(await isAlive(left)).toBe(true);

  await write(join(folder, "slots", "w1", "2"), left);
  expect((await takeSlot(folder, "w1")).ended).toEqual(left);
  expect(await child.gone).toMatchObject({ signal: "SIGKILL" });
});

test("a starting supervisor learns which attempt an earlier one left and on what, until its end is recorded", async () => {
  const attempt = { attemptId: "a1", epoch: 3 };
  const engine = { info: engineOf(), environment: "one" };
  const { slot } = await takeSlot(folder, "w3");
  slot.computesWith(engine);
  await slot.take(attempt);
  await slot.hold(process.pid);
  const entry = JSON.parse(await readFile(join(folder, "slots", "w3", "1"), "utf8"));
  const dies = (number: number) =>
    writeFile(
      join(folder, "slots", "w3", String(number)),
      JSON.stringify({ process: { ...entry.process, startTime: "1" }, content: { ...entry.content, child: null } }),
    );
  await dies(1);
  const second = await takeSlot(folder, "w3");
  expect(second.left).toEqual({ attempt, engine });
  await second.slot.close(); // or dies, before it could hand the attempt back
  expect(await readdir(join(folder, "slots", "w3"))).toEqual(["2"]);
  await dies(2);
  const third = await takeSlot(folder, "w3");
  expect(third.left).toEqual({ attempt, engine });
  await third.slot.release();
  expect(JSON.parse(await readFile(join(folder, "slots", "w3", "3"), "utf8")).content).toEqual({
    child: null,
    attempt: null,
  });
});

test.each([
  ["written before engines were", undefined],
  ["written by a version that tells engines otherwise", { info: { backend: "torch" }, environment: "one" }],
])("of an attempt left on a record %s only the attempt is known", async (_, engine) => {
  const attempt = { attemptId: "a1", epoch: 3 };
  await (await takeSlot(folder, "w4")).slot.take(attempt);
  const record = join(folder, "slots", "w4", "1");
  const { process: holder } = JSON.parse(await readFile(record, "utf8"));
  const content = { child: null, attempt, engine };
  await writeFile(record, JSON.stringify({ process: { ...holder, startTime: "1" }, content }));
  const { left, slot } = await takeSlot(folder, "w4");
  await slot.release();
  await slot.close();
  expect(left).toEqual({ attempt, engine: null });
});

test("a second supervisor of the same slot on a machine is refused, one of another installation is not", async () => {
  await takeSlot(folder, "w2@one");
  await expect(takeSlot(folder, "w2@one")).rejects.toThrow(/w2@one runs here already.*RELUCTANT_WORKER_NAME/);
  expect((await takeSlot(folder, "w2@two")).ended).toBeNull();
});
