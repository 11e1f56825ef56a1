/**
 * A stack that an earlier version left in the middle of its work goes on with this one: what was done is not done again,
 * what was half done is not begun again. make.ts keeps such stacks.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Attempt, Experiment, ExperimentSpecInput } from "@reluctant/contracts";
import { type ServiceKind, type Stack, startStack } from "@reluctant/local";
import { type Client, createClient } from "@reluctant/sdk";
import { storedSpecSchema } from "@reluctant/stages/definitions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../cluster.ts";
import { writeDataset } from "./dataset.ts";
import { keptVersions, type Restored, restore } from "./restored.ts";

const program = join(import.meta.dirname, "../../apps/cli/dist/main.js");

describe.each(keptVersions)("the stack that %s left", (version) => {
  let scratch: string;
  let kept: Restored;
  let stack: Stack;
  let workers: Stack | undefined;
  let client: Client;

  const start = (dir: string, services: ServiceKind[], env: NodeJS.ProcessEnv = {}): Promise<Stack> =>
    startStack({
      dir: join(scratch, dir),
      workers: 2,
      only: services,
      databaseUrl: kept.databaseUrl,
      redisUrl: process.env.TEST_REDIS_URL,
      ephemeral: true,
      env: {
        ...process.env,
        REDIS_PREFIX: prefix,
        RELUCTANT_THREADS: "1",
        RELUCTANT_DATA: join(scratch, "data"),
        RELUCTANT_CACHE: join(scratch, "cache"),
        ...env,
      },
    });
  const prefix = `kept-${randomUUID()}`;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "reluctant-kept-"));
    kept = await restore(version);
    await writeDataset(join(scratch, "data"));
    stack = await start("services", ["coordinator", "api"]);
    client = createClient({ baseUrl: stack.address as string, token: stack.credentials?.token as string });
  }, 60_000);
  afterAll(async () => {
    await workers?.stop();
    await stack?.stop();
    await kept?.drop();
    await rm(scratch, { recursive: true, force: true });
  }, 60_000);

  const reluctant = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      program,
      ...args,
      "--api",
      stack.address as string,
      "--token",
      join(scratch, "services/token"),
    ]);
    return stdout;
  };

  it("shows the frontier that it showed, to the digit", async () => {
    const { dataset, model } = kept.frontier;
    const found = await client.frontier(dataset, model);
    expect(found).toMatchObject(kept.frontier);
    expect(JSON.parse(await reluctant("frontier", dataset, model, "--json"))).toEqual(found);
  });

  it("can read every spec, however it was spelled", async () => {
    const listed = await reluctant("ls", "--limit", "200");
    for (const { id, spec, state } of kept.experiments) {
      const experiment = await client.experiments.get(id);
      expect(experiment).toMatchObject({ state, name: spec.name, seeds: [spec.seeds ?? 1].flat() });
      expect(experiment.spec).toEqual(spec);
      expect(storedSpecSchema.parse(spec)).toMatchObject({ name: spec.name, seeds: experiment.seeds });
      expect(listed).toContain(id.slice(0, 8));
    }
  });

  it("has the history of every experiment, from its submit on", async () => {
    for (const { id } of kept.experiments) {
      const { events } = await client.experiments.history(id);
      expect(events[0]).toMatchObject({ type: "experiment.submitted", experimentId: id });
    }
  });

  it("makes no stage run anew for a spec that is submitted again", async () => {
    const runsOf = ({ stageRuns }: Experiment) => stageRuns.map(({ id, stageKey }) => ({ id, stageKey })).sort(byKey);
    for (const { id, spec, state } of kept.experiments.filter((experiment) => experiment.state !== "cancelled")) {
      const again = await client.experiments.submit(spelledToday(spec));
      if (state === "finished") expect(again).toMatchObject({ state, progress: { cached: again.progress.total } });
      expect(runsOf(await client.experiments.get(again.id))).toEqual(runsOf(await client.experiments.get(id)));
    }
  });

  /** Workers do what there is to do, until `ended`. */
  const work = async (dir: string, env: NodeJS.ProcessEnv, ended: () => Promise<boolean>): Promise<void> => {
    workers = await start(dir, ["worker"], env);
    await until(`what is for ${dir} ends`, 580, async () => (await ended()) || undefined);
    await workers.stop();
  };

  it("goes on from each checkpoint, and does what waited", { timeout: 600_000 }, async () => {
    // What the checkpoints were computed with, and what every machine has; what was not begun needs no such care.
    await work("workers-on-wasm", { RELUCTANT_BACKEND: "wasm" }, async () => {
      const halfRuns = await Promise.all(kept.halfRuns.map(({ id }) => client.stageRuns.get(id)));
      return halfRuns.every(({ state }) => state === "succeeded" || state === "failed");
    });
    await work("workers", {}, async () => (await client.experiments.list({ state: "active" })).items.length === 0);
    for (const { id, state } of kept.experiments)
      expect((await client.experiments.get(id)).state).toBe(state === "active" ? "finished" : state);
    expect(kept.halfRuns.length).toBeGreaterThan(0);
    for (const { id, params, step, engine, implementation } of kept.halfRuns) {
      const { result, artifacts } = await client.stageRuns.get(id);
      expect(result, implementation).toMatchObject({ images: params.steps * params.settings.batchSize });
      expect(artifacts.length).toBeGreaterThan(0);
      const last = (await client.stageRuns.attempts(id)).at(-1) as Attempt;
      const sameEngine =
        last.engine?.backend === engine.backend &&
        last.engine.device === engine.device &&
        last.engine.threads === engine.threads;
      expect(last).toMatchObject({ state: "succeeded", startStep: step, inexact: !sameEngine });
    }
  });
});

const byKey = (a: { stageKey: string }, b: { stageKey: string }) => (a.stageKey < b.stageKey ? -1 : 1);

/** `seeds: 2` once meant the seed 2. */
const spelledToday = (spec: Record<string, unknown>): ExperimentSpecInput =>
  ({ ...spec, ...(typeof spec.seeds === "number" && { seeds: [spec.seeds] }) }) as ExperimentSpecInput;
