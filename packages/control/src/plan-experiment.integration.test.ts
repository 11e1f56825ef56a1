import { planSchema } from "@reluctant/contracts";
import { engineOf, type Kit, setup, specOf } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, dispatch, leaveWorker, planExperiment, writeMetrics } from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

const plan = async (change: Parameters<typeof specOf>[0] = {}) =>
  planSchema.parse(await planExperiment(kit.deps, { identity, spec: specOf(change) })).stageRuns;

/** What of a plan was measured, as device and attempts of each implementation. */
const measured = async (change: Parameters<typeof specOf>[0] = {}) =>
  Object.fromEntries(
    (await plan(change)).map(({ implementation, throughput }) => [
      implementation,
      throughput && `${throughput.attempts} on ${throughput.device}`,
    ]),
  );

/** Runs all that is ready at 100 images a second, as a worker reports it. */
async function train(workerId: string): Promise<void> {
  for (let born = await dispatch(kit.deps); born.length > 0; born = await dispatch(kit.deps)) {
    for (const { attemptId } of born) {
      const claimed = await kit.claim(attemptId, workerId);
      const points = [10, 20].flatMap((step) => [
        { series: "images-per-second", step, value: 100 },
        { series: "waiting", step, value: 2 / step },
      ]);
      await writeMetrics(kit.deps, { attemptId, epoch: claimed.epoch, points });
      await kit.succeed(claimed);
    }
  }
}

const nothing = {
  "train/sgd": null,
  "sensitivity/sparse-momentum": null,
  "mask-search/senet": null,
  "distillation/pram": null,
};

test("a plan says how fast the stage was on the devices that run now, and nothing where none has ended", async () => {
  expect(await measured()).toEqual(nothing);
  const slow = await kit.worker({ engine: engineOf({ device: "slow" }) });
  await kit.submit({ budgets: ["10%", "20%"] });
  await train(slow);
  const once = {
    "train/sgd": "1 on slow",
    "sensitivity/sparse-momentum": "1 on slow",
    "mask-search/senet": "2 on slow",
    "distillation/pram": "2 on slow",
  };
  expect(await measured()).toEqual(once);
  // Other models, precisions and implementations were not measured by it.
  expect(await measured({ model: "resnet20" })).toEqual(nothing);
  expect(await measured({ precision: "bf16" })).toEqual(nothing);
  expect(await measured({ methods: ["snl"] })).toEqual({
    "train/sgd": "1 on slow",
    "mask-search/snl": null,
    "distillation/pram": "2 on slow",
  });

  await kit.worker({ engine: engineOf({ device: "fast" }) });
  await leaveWorker(kit.deps, { workerId: slow });
  expect(await measured()).toEqual(nothing);
});

test("a speed is that of the training, and what else an attempt took is told beside it", async () => {
  const change = { until: "train", budgets: undefined } as const;
  await kit.submit(change);
  await train(await kit.worker());
  // It went on from step 10, of 128 images each, and trained 2,000 images in 20 of its 23 seconds.
  await kit.db.prisma.attempt.updateMany({ data: { gpuSeconds: 23, startStep: 10 } });
  await kit.db.prisma.$executeRaw`update stage_run set result = jsonb_set(result, '{images}', '3280')`;
  const [planned] = await plan(change);
  expect(planned?.throughput).toMatchObject({ imagesPerSecond: 100, overheadSeconds: 3, waiting: 0.1, attempts: 1 });
});

test("what was measured with another number of threads is an estimate, and says of which", async () => {
  const change = { until: "train", budgets: undefined } as const;
  const told = async () => (await plan(change))[0]?.throughput;
  await kit.submit(change);
  const two = await kit.worker({ engine: engineOf({ device: "cpu x", threads: 2 }) });
  await train(two);
  expect(await told()).toMatchObject({ threads: 2, imagesPerSecond: 100, estimatedFrom: null });
  await leaveWorker(kit.deps, { workerId: two });

  const one = await kit.worker({ engine: engineOf({ device: "cpu x", threads: 1 }) });
  expect(await told()).toMatchObject({ threads: 1, imagesPerSecond: 50, attempts: 1, estimatedFrom: 2 });
  await kit.submit({ ...change, seeds: [2] });
  await train(one);
  expect(await told()).toMatchObject({ threads: 1, imagesPerSecond: 100, estimatedFrom: null });

  // The nearest of several; another device tells nothing.
  await leaveWorker(kit.deps, { workerId: one });
  await kit.worker({ engine: engineOf({ device: "cpu x", threads: 8 }) });
  expect(await told()).toMatchObject({ threads: 8, imagesPerSecond: 400, estimatedFrom: 2 });
});

test("a GPU is as fast with another number of threads beside it", async () => {
  const change = { until: "train", budgets: undefined } as const;
  await kit.submit(change);
  const two = await kit.worker({ engine: engineOf({ device: "cuda", threads: 2 }) });
  await train(two);
  await leaveWorker(kit.deps, { workerId: two });
  await kit.worker({ engine: engineOf({ device: "cuda", threads: 8 }) });
  expect((await plan(change))[0]?.throughput).toMatchObject({ threads: 8, imagesPerSecond: 100, estimatedFrom: 2 });
});

test("a checkpoint is as large as the network, its momenta and what its stage keeps", async () => {
  const [train, , search] = await plan();
  const parameters = 78_042; // ResNet-8, ten classes
  const statistics = 2 * (16 * 3 + 32 * 3 + 64 * 3);
  expect(train?.checkpointBytes).toBe(4 * (2 * parameters + statistics));
  expect(search?.checkpointBytes).toBe((train?.checkpointBytes ?? 0) + 73_728 / 8 + 4 * 73_728);
});
