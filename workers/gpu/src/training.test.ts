import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Assignment } from "@reluctant/contracts";
import { identify, isAlive, type ProcessId } from "@reluctant/machine";
import { createLogger } from "@reluctant/telemetry";
import { expect, onTestFinished, test } from "vitest";
import type { SlotPhase } from "./slot.ts";
import { createStopOrder } from "./stop-order.ts";
import { type TrainingOptions, train } from "./training.ts";

/** The children here are scripts: none reads what it is to train. */
const assignment = {} as Assignment;

/** What trains with a child that runs `program`. */
async function setup(program: string, hold: (pid: number) => Promise<void> = async () => {}) {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-training-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const script = join(folder, "child.mjs");
  await writeFile(script, program);
  const log = createLogger({ name: "worker", level: "silent" });
  const phases: SlotPhase[] = [];
  const options: TrainingOptions = {
    childScript: pathToFileURL(script),
    childEnv: process.env,
    slot: { computesWith: () => {}, take: async () => {}, hold, release: async () => {}, close: async () => {} },
    stop: createStopOrder(log),
    onPhase: (phase) => phases.push(phase),
    onMessage: () => {},
    onOutput: () => {},
    log,
  };
  return { options, phases };
}

test("a stop that was ordered before there was a child reaches it after its assignment", async () => {
  const { options, phases } = await setup(`
    const types = [];
    process.on("message", ({ type }) => {
      types.push(type);
      if (type === "stop") process.exit(types.join() === "start,stop" ? 7 : 1);
    });`);
  options.stop.give("drain");
  expect(await train(assignment, options)).toMatchObject({ code: 7, signal: null });
  expect(phases).toEqual(["training", "stopping"]);
  options.stop.give("cancel"); // the child is gone: nobody follows
  expect(phases).toEqual(["training", "stopping"]);
});

test("a child that cannot be recorded is ended: it would outlive a crash of the supervisor unseen", async () => {
  let child: ProcessId | null = null;
  const { options } = await setup("setInterval(() => {}, 1000);", async (pid) => {
    child = await identify(pid);
    throw new Error("no space left on device");
  });
  await expect(train(assignment, options)).rejects.toThrow("no space left on device");
  expect(child).not.toBeNull();
  expect(child && (await isAlive(child))).toBe(false);
});
