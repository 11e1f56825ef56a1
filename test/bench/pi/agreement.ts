import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import {
  calibrate,
  decode,
  encode,
  keptReluCount,
  measure,
  type PrivateNetwork,
  quantize,
  totalOf,
} from "@reluctant/pi";
import type { Level, RingVector } from "@reluctant/pi/units";
import type { Row } from "../rows.ts";
import type { Case } from "./case.ts";
import { ofTrained, type Trained } from "./trained.ts";

const count = 500;
/** Images that one set of processes serves, and calibration reads. */
const atOnce = 25;
const name = `ResNet-20, ${count} images of CIFAR-10`;

/** Whether private inference says of real images what the network in floating point says, which was trained for real. */
const agreement = (): Promise<Row[]> => ofTrained(name, agreementOf);

async function agreementOf(trained: Trained): Promise<Row[]> {
  const { data, model, student, plaintext } = trained;
  const { weights: tensors, masks, polynomials } = student;
  const calibration = await inRing(trained, "validation", 4 * atOnce);
  const network = calibrate(quantize({ model, tensors, masks, polynomials }), calibration);
  const test = await data.batch(
    "test",
    Uint32Array.from({ length: count }, (_, i) => i),
  );
  const kept = keptIn(trained.file.replace(/\.safetensors$/, ".private.json"));
  const { classes, onlineMs, offlineMs, level } = await inPrivate(network, await inRing(trained, "test", count), kept);
  const agreeing = await plaintext.countCorrect({ images: test.images, labels: Int32Array.from(classes) });
  const correct = classes.filter((found, i) => found === test.labels[i]).length;
  const inTheClear = await plaintext.countCorrect(test);
  const relus = keptReluCount(network.architecture);
  const of = (what: string, value: number, unit: string) => ({
    case: `${name}, ${relus} ReLUs, ${level}: ${what}`,
    value,
    unit,
  });
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;
  return [
    { ...of("of the plaintext's class", agreeing, "images"), atLeast: 498 },
    of("accuracy in private", (100 * correct) / count, "%"),
    of("accuracy in the clear", (100 * inTheClear) / count, "%"),
    of("online, median", median(onlineMs), "ms"),
    of("offline, median (dealer: offline linear cost not included)", median(offlineMs), "ms"),
  ];
}

/** What was found of the first images. */
interface Found {
  classes: number[];
  onlineMs: number[];
  offlineMs: number[];
  level?: Level | undefined;
}

/** Keeps what was found in a file, so that a run that was stopped goes on where it was. */
const keptIn = (file: string) => ({
  read: async (): Promise<Found> =>
    JSON.parse(await readFile(file, "utf8").catch(() => `{"classes":[],"onlineMs":[],"offlineMs":[]}`)),
  write: async (found: Found) => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(found));
  },
  forget: () => rm(file, { force: true }),
});

/** Classes by private inference, with the client's times of each image. */
async function inPrivate(
  network: PrivateNetwork,
  images: readonly RingVector[],
  kept: ReturnType<typeof keptIn>,
): Promise<Found> {
  const found = await kept.read();
  const [first, start] = [found.classes.length, performance.now()];
  while (found.classes.length < images.length) {
    const done = found.classes.length;
    tell({ first, done, of: images.length }, performance.now() - start);
    const part = images.slice(done, done + atOnce);
    const { logits, client, levels } = await measure({ network, images: part, profile: "loopback" });
    found.classes.push(...logits.map((values) => largest(decode(values))));
    found.onlineMs.push(...client.map((costs) => totalOf(costs, "online").ms));
    found.offlineMs.push(...client.map((costs) => totalOf(costs, "offline").ms));
    found.level = levels.client;
    await kept.write(found);
  }
  await kept.forget();
  return found;
}

export const largest = (values: Float64Array): number => values.indexOf(Math.max(...values));

/** A bar, and how long it will be. */
function tell({ first, done, of }: { first: number; done: number; of: number }, ms: number): void {
  const width = Math.round((30 * done) / of);
  const left = done === first ? "" : `, ${Math.round((ms * (of - done)) / (done - first) / 1000)} s left`;
  process.stderr.write(`  ${"#".repeat(width).padEnd(30, ".")} ${done} of ${of}${left}\n`);
}

/** Images of a split as the network's first layer sees them, in fixed point. */
export async function inRing({ data }: Trained, split: "validation" | "test", images: number): Promise<RingVector[]> {
  const { images: pixels } = await data.batch(
    split,
    Uint32Array.from({ length: images }, (_, i) => i),
  );
  const { mean, std } = data;
  const size = pixels.length / images;
  return Array.from({ length: images }, (_, image) =>
    encode(
      Float64Array.from(pixels.subarray(image * size, (image + 1) * size), (pixel, i) => {
        const channel = i % mean.length;
        return (pixel / 255 - (mean[channel] as number)) / (std[channel] as number);
      }),
    ),
  );
}

export const agreements: Case[] = [{ name: "cifar10-500", quick: false, run: agreement }];
