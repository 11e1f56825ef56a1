import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { InputName, StageKind } from "@reluctant/contracts";
import { type DatasetReader, prepareAll } from "@reluctant/datasets";
import { createEngine } from "@reluctant/engine";
import { homeCache } from "@reluctant/machine";
import { type Model, type PlannedStageRun, plan } from "@reluctant/relu";
import {
  activationsOf,
  decodeStudent,
  type Engine,
  type Network,
  type Student,
  stages,
  unattended,
} from "@reluctant/stages";
import { experimentSpecSchema, registry } from "@reluctant/stages/definitions";
import type { Row } from "../rows.ts";

/** A partial-ReLU network that was trained for real, with the images that it was not trained on. */
export interface Trained {
  data: DatasetReader;
  model: Model;
  student: Student;
  /** The same in floating point: the plaintext. */
  plaintext: Network;
  /** Where the student is kept. */
  file: string;
}

/** What makes it: the stages of a trial, as workers run them. Short, for what counts here is that two computations agree. */
const spec = {
  name: "private inference",
  dataset: "cifar10",
  model: "resnet20",
  recipe: "cpu/resnet20",
  methods: ["magnitude"],
  budgets: ["10%"],
  seeds: [1],
  settings: {
    train: { length: { images: 64_000 }, batchSize: 64 },
    distillation: { length: { images: 16_000 }, batchSize: 64 },
  },
};

/** The artifact that each kind of stage gives to later ones. */
const outputs: Partial<Record<StageKind, { input: InputName; role: string }>> = {
  train: { input: "arModel", role: "weights" },
  "mask-search": { input: "student", role: "masks" },
  distillation: { input: "student", role: "masks" },
};

/** What comes of the trained network; that it was not run, where there is no CIFAR-10. */
export async function ofTrained(name: string, run: (trained: Trained) => Promise<Row[]>): Promise<Row[]> {
  const data = await cifar10();
  if (!data) return [{ case: name, notRun: "there is no CIFAR-10 in RELUCTANT_DATA or data/" }];
  try {
    return await run(await trainedNetwork(data));
  } finally {
    await data.close();
  }
}

/** CIFAR-10 of RELUCTANT_DATA or `data/`; undefined where there is none. */
async function cifar10(): Promise<DatasetReader | undefined> {
  const folders = process.env.RELUCTANT_DATA?.split(delimiter) ?? ["data"];
  const cacheDir = join(process.env.RELUCTANT_CACHE ?? homeCache(process.env) ?? "var/cache", "datasets");
  const readers = await prepareAll({ folders, cacheDir, onUnusable: () => undefined });
  const found = readers.find(({ name }) => name === spec.dataset);
  for (const reader of readers) if (reader !== found) await reader.close();
  return found;
}

/** ResNet-20 with a tenth of its ReLUs, trained in some ten minutes on a core, once: `var/bench` keeps it under its stage key. */
async function trainedNetwork(data: DatasetReader): Promise<Trained> {
  const facts = {
    version: data.version,
    inputShape: data.inputShape,
    classes: data.classes.length,
    trainSize: data.size("train"),
  };
  const planned = plan(experimentSpecSchema.parse(spec), facts, registry);
  if (!planned.ok) throw new Error(JSON.stringify(planned.errors));
  const { model, stageRuns } = planned.plan;
  const engine = await createEngine({ threads: 1, precision: "fp32" });
  const file = join("var/bench", `${stageRuns.at(-1)?.stageKey}.safetensors`);
  const bytes = await readFile(file).catch(() => train(stageRuns, { engine, data, file }));
  const student = decodeStudent(bytes, model);
  const plaintext = engine.network({ model, weights: student.weights, normalization: data });
  plaintext.setActivations(activationsOf(model, student));
  return { data, model, student, plaintext, file };
}

/** Runs the stages one after another; the last one's student stays in the file. */
async function train(
  runs: readonly PlannedStageRun[],
  { engine, data, file }: { engine: Engine; data: DatasetReader; file: string },
): Promise<Uint8Array> {
  const inputs: Partial<Record<InputName, Uint8Array>> = {};
  for (const { kind, implementation, params, precision, seed } of runs) {
    process.stderr.write(`  ${kind} …\n`);
    const stage = stages[implementation as keyof typeof stages];
    const done = await stage.run({ params, implementation, precision, seed, inputs, data, engine, ...unattended });
    if (done.outcome !== "succeeded") throw new Error(`${kind} stopped`);
    const output = outputs[kind];
    const artifact = done.artifacts.find(({ role }) => role === output?.role);
    if (output && artifact) inputs[output.input] = artifact.bytes;
  }
  const student = inputs.student as Uint8Array;
  await mkdir("var/bench", { recursive: true });
  await writeFile(file, student);
  return student;
}
