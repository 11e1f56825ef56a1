import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UnusableDataset } from "@reluctant/contracts";
import { type DatasetReader, prepareAll } from "@reluctant/datasets";
import { createEngine } from "@reluctant/engine";
import { type Recipe, recipes } from "@reluctant/relu";
import { type Engine, type StageContext, type StageOutput, stages, unattended } from "@reluctant/stages";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeShard } from "../images.ts";

/** ResNet-18 at 224 pixels, two images a step, four steps an epoch, out of tar shards of JPEGs. */
const { train } = recipes["paper/imagenet"] as Recipe;
const settings = { ...train, batchSize: 2 };
const steps = 6;

let folder: string;
let data: DatasetReader;
let engine: Engine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamed-training-"));
  const size = (number: number) => ({ width: 240 + 10 * (number % 7), height: 300 - 10 * (number % 5) });
  await writeShard(join(folder, "wild-train-000000.tar"), { from: 0, count: 6, classes: 2, size });
  await writeShard(join(folder, "wild-train-000001.tar"), { from: 6, count: 4, classes: 2, size });
  await writeShard(join(folder, "wild-val-000000.tar"), { from: 10, count: 2, classes: 2, size });
  await writeFile(join(folder, "wild.preprocess.json"), '{"resize": 256, "crop": 224, "streamed": true}');
  const onUnusable = ({ name, reason }: UnusableDataset) => expect.fail(`${name}: ${reason}`);
  [data] = (await prepareAll({ folders: [folder], cacheDir: join(folder, "cache"), onUnusable })) as [DatasetReader];
  engine = await createEngine({ threads: 1, precision: "fp32" });
}, 60_000);

afterAll(async () => {
  await data?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  output: StageOutput;
  checkpoint: Uint8Array | null;
}

async function run(overrides: Partial<StageContext> = {}): Promise<Run> {
  let checkpoint: Uint8Array | null = null;
  const output = await stages["train/sgd"].run({
    params: { kind: "train", model: "resnet18", steps, settings },
    implementation: "train/sgd",
    precision: "fp32",
    seed: 5,
    inputs: {},
    data,
    engine,
    ...unattended,
    report: {
      ...unattended.report,
      async checkpoint(_, bytes) {
        checkpoint = bytes;
      },
    },
    ...overrides,
  });
  return { output, checkpoint };
}

const weightsOf = ({ output }: Run): Buffer => {
  if (output.outcome !== "succeeded") throw new Error(`stopped at step ${output.step}`);
  return Buffer.from(output.artifacts[0]?.bytes ?? []);
};

test("a training that is stopped within an epoch ends, resumed, with the weights of one that was not", {
  timeout: 240_000,
}, async () => {
  const whole = weightsOf(await run());
  let asked = 0;
  const stopped = await run({ stopRequested: () => ++asked > 3 });
  expect(stopped.output).toEqual({ outcome: "stopped", step: 3 });
  expect(weightsOf(await run({ resumeFrom: stopped.checkpoint })).equals(whole)).toBe(true);
  const other = weightsOf(await run({ seed: 6, params: { kind: "train", model: "resnet18", steps: 1, settings } }));
  expect(other.length).toBe(whole.length);
  expect(other.equals(whole)).toBe(false);
});
