/**
 * How fast batches come, and how long training waits for them: prepared pixels (CIFAR-10 of RELUCTANT_DATA or `data/`, else
 * `glyphs`; images in Tiny-ImageNet's layout) and JPEGs of 400 to 640 pixels streamed from tar shards as resized crops of 224,
 * which Pillow and torchvision read beside us. Training runs are the train stage that workers run, on the fastest backend, one
 * thread. A run of all cases that is not quick leaves its table in docs/results/data.md.
 */
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { UnusableDataset } from "@reluctant/contracts";
import { type CropKey, type DatasetReader, prepareAll } from "@reluctant/datasets";
import { createEngine } from "@reluctant/engine";
import { type Recipe, recipes } from "@reluctant/relu";
import { type Engine, stages, unattended } from "@reluctant/stages";
import { jpegOf, writeShard } from "../images.ts";
import { type DecodingFigures, decoding } from "./data/decoding.ts";
import type { Options } from "./options.ts";
import type { BesidePeer, Figure, Row } from "./rows.ts";

const resultFile = "docs/results/data.md";

interface Case {
  name: string;
  /** Finds or makes the data set in a folder of its own. */
  make(folder: string): Promise<DatasetReader>;
  model: string;
  recipe: string;
  batchSize: number;
  /** The share that training may wait, %. */
  bar: number;
}

const cases: readonly Case[] = [
  { name: "cifar", make: cifar, model: "resnet8", recipe: "cpu/resnet8", batchSize: 64, bar: 2 },
  {
    name: "tiny-imagenet",
    make: tinyImageNet,
    model: "resnet18",
    recipe: "paper/tiny-imagenet",
    batchSize: 16,
    bar: 2,
  },
  { name: "jpeg-224", make: jpegShards, model: "resnet18", recipe: "paper/imagenet", batchSize: 8, bar: 5 },
];

interface Figures {
  name: string;
  /** Batches alone, as fast as they come. */
  imagesPerSecond: number;
  cpuMsPerImage: number;
  training: { imagesPerSecond: number; waiting: number; batchSize: number; model: string };
}

export async function data({ quick, only }: Pick<Options, "quick" | "only">): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-bench-"));
  const engine = await createEngine({ threads: 1, precision: "fp32" });
  const found: Figures[] = [];
  let decoded: DecodingFigures = { peer: "", found: [] };
  try {
    for (const one of cases.filter(({ name }) => name.includes(only))) {
      const reader = await one.make(join(folder, one.name));
      const alone = await readingAlone(reader, one, quick ? 1 : 5);
      found.push({ name: one.name, ...alone, training: await training(engine, reader, one, quick ? 5 : 60) });
      if (reader.streamed) decoded = await decoding(reader, shardsIn(join(folder, one.name)), quick ? 1 : 9);
      await reader.close();
      process.stderr.write(`${JSON.stringify(found.at(-1))}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (!quick && !only) await record(found, decoded, engine.info.backend);
  return [...found.flatMap(rowsOf), ...decoded.found.map(besideTorchvision)];
}

async function firstOf(folders: readonly string[], cacheDir: string): Promise<DatasetReader> {
  const onUnusable = ({ name, reason }: UnusableDataset) => {
    throw new Error(`data set ${name} cannot be used: ${reason}`);
  };
  const [first, ...others] = await prepareAll({ folders, cacheDir, onUnusable });
  for (const other of others) await other.close();
  return first as DatasetReader;
}

async function cifar(folder: string): Promise<DatasetReader> {
  const places = process.env.RELUCTANT_DATA?.split(delimiter) ?? ["data"];
  const there = await access(places[0] as string).then(
    () => true,
    () => false,
  );
  return firstOf(there ? places : ["glyphs"], folder);
}

/** Ten classes of 60 images of 64×64. */
async function tinyImageNet(folder: string): Promise<DatasetReader> {
  const root = join(folder, "tiny-imagenet-200");
  const classes = Array.from({ length: 10 }, (_, label) => `n${label}`);
  const image = (number: number) => jpegOf(number, { width: 64, height: 64 });
  for (const [label, wnid] of classes.entries()) {
    await mkdir(join(root, "train", wnid, "images"), { recursive: true });
    for (let i = 0; i < 60; i++)
      await writeFile(join(root, "train", wnid, "images", `${wnid}_${i}.JPEG`), await image(60 * label + i));
  }
  await mkdir(join(root, "val", "images"), { recursive: true });
  for (const label of classes.keys())
    await writeFile(join(root, "val", "images", `val_${label}.JPEG`), await image(1_000 + label));
  await writeFile(
    join(root, "val", "val_annotations.txt"),
    classes.map((wnid, i) => `val_${i}.JPEG\t${wnid}\n`).join(""),
  );
  await writeFile(join(root, "wnids.txt"), classes.map((wnid) => `${wnid}\n`).join(""));
  return firstOf([folder], join(folder, "cache"));
}

const trainingShards = { "train-000000": [0, 200], "train-000001": [200, 200] } as const;
const shardsIn = (folder: string) => Object.keys(trainingShards).map((name) => join(folder, `imagenet-${name}.tar`));

/** Two shards of 200 training images. */
async function jpegShards(folder: string): Promise<DatasetReader> {
  await mkdir(folder, { recursive: true });
  const size = (number: number) => {
    const width = 400 + ((53 * number) % 241);
    return { width, height: Math.round(0.75 * width) };
  };
  const shards = { ...trainingShards, "val-000000": [400, 20] } as const;
  for (const [name, [from, count]] of Object.entries(shards))
    await writeShard(join(folder, `imagenet-${name}.tar`), { from, count, classes: 10, size });
  return firstOf([folder], join(folder, "cache"));
}

/** Batches of training images with four asked for at a time, as training asks. */
async function readingAlone(reader: DatasetReader, { batchSize }: Case, seconds: number) {
  const crops: CropKey | undefined = reader.streamed ? { seed: 1, epoch: 0 } : undefined;
  const order = reader.order(1, 0);
  const batch = (number: number) => {
    const first = (number * batchSize) % (order.length - batchSize);
    return reader.batch("train", order.subarray(first, first + batchSize), crops);
  };
  let next = 0;
  const ahead = Array.from({ length: 4 }, () => batch(next++));
  for (let i = 0; i < 4; i++) await ahead[i]; // threads and decoders have started
  const [started, before] = [performance.now(), process.cpuUsage()];
  const running = Array.from({ length: 4 }, () => batch(next++));
  let images = 0;
  while (performance.now() - started < 1_000 * seconds) {
    await running.shift();
    images += batchSize;
    running.push(batch(next++));
  }
  const { user, system } = process.cpuUsage(before);
  const elapsed = performance.now() - started;
  await Promise.all(running);
  return { imagesPerSecond: (1_000 * images) / elapsed, cpuMsPerImage: (user + system) / 1_000 / images };
}

/** Steps of a training run at least: its start is one of them. */
const leastSteps = 10;

/** What a training run says when the given seconds are over. */
async function training(
  engine: Engine,
  reader: DatasetReader,
  one: Case,
  seconds: number,
): Promise<Figures["training"]> {
  const { model, batchSize } = one;
  const recipe = recipes[one.recipe] as Recipe;
  const last = new Map<string, number>();
  const deadline = performance.now() + 1_000 * seconds;
  let steps = 0;
  await stages["train/sgd"].run({
    params: { kind: "train", model, steps: 1_000_000, settings: { ...recipe.train, batchSize } },
    implementation: "train/sgd",
    precision: "fp32",
    seed: 1,
    inputs: {},
    data: reader,
    engine,
    ...unattended,
    report: {
      ...unattended.report,
      progress: (_, points) => {
        for (const { series, value } of points) last.set(series, value);
      },
    },
    stopRequested: () => steps++ >= leastSteps && performance.now() > deadline,
  });
  const of = (series: string) => last.get(series) ?? Number.NaN;
  return { imagesPerSecond: of("images-per-second"), waiting: 100 * of("waiting"), batchSize, model };
}

const rowsOf = ({ name, imagesPerSecond, cpuMsPerImage, training }: Figures): Figure[] => [
  { case: `${name}/alone`, value: imagesPerSecond, unit: "img/s" },
  { case: `${name}/alone, CPU`, value: cpuMsPerImage, unit: "ms an image" },
  { case: `${name}/training`, value: training.imagesPerSecond, unit: "img/s" },
  { case: `${name}/waiting`, value: training.waiting, unit: "% of the time" },
];

const besideTorchvision = ({ path, ours, peer }: DecodingFigures["found"][number]): BesidePeer => ({
  case: `jpeg-224/${path}`,
  unit: "CPU ms an image",
  ours,
  peer,
  ratio: ours / peer,
});

async function record(found: readonly Figures[], decoded: DecodingFigures, backend: string): Promise<void> {
  const lines = found.map(({ name, imagesPerSecond, cpuMsPerImage, training: { model, batchSize, ...run } }) =>
    [
      name,
      Math.round(imagesPerSecond).toLocaleString("en"),
      cpuMsPerImage.toPrecision(2),
      `${model}, batch ${batchSize}`,
      run.imagesPerSecond.toPrecision(3),
      run.waiting.toFixed(2),
      cases.find((one) => one.name === name)?.bar,
    ].join(" | "),
  );
  const [{ model = "" } = {}, ...others] = cpus();
  const text = `# Batches, and how long training waits for them

Written by \`npm run bench -- data\` on ${1 + others.length} × ${model.trim()}, backend ${backend}, fp32, one thread, the
machine's load average being ${loadavg()[1]?.toFixed(1)}. Alone: batches as fast as they
come, four asked for at a time; the CPU time is all of the process's. Training: the train stage for a minute, its start
included. \`cifar\` and \`tiny-imagenet\` are prepared pixels of 32×32 and 64×64, \`jpeg-224\` are JPEGs of 400×300 to 640×480 in tar
shards, decoded at each use as resized crops of 224×224. On a GPU, which asks for batches faster: not run.

| data | alone, img/s | CPU ms an image | training | img/s | waiting, % | at most, % |
| ---- | -----------: | --------------: | -------- | ----: | ---------: | ---------: |
${lines.map((line) => `| ${line} |`).join("\n")}

The JPEGs of \`jpeg-224\` beside ${decoded.peer}, which have one thread, in turns:
the median of 9 rounds of 384 images, uint8 batches on both sides, all of a process's CPU time. \`middle\` is a test image's way:
its short side to 256, and of that 224×224. At most 1.2 ms and half of torchvision's is asked for.

| what becomes of an image | ours, CPU ms | torchvision, CPU ms | ratio |
| ------------------------ | -----------: | ------------------: | ----: |
${decoded.found.map(({ path, ours, peer }) => `| ${path} | ${ours.toFixed(2)} | ${peer.toFixed(2)} | ${(ours / peer).toFixed(2)} |`).join("\n")}
`;
  await mkdir("docs/results", { recursive: true });
  await writeFile(resultFile, text);
}
