import {
  type Cost,
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
import { cifar10, type Trained, trainedNetwork } from "./trained.ts";

const count = 500;
/** Images that one set of processes serves, and calibration reads. */
const atOnce = 25;
const name = `ResNet-20, ${count} images of CIFAR-10`;

/** Whether private inference says of real images what the network in floating point says, which was trained for real. */
async function agreement(): Promise<Row[]> {
  const data = await cifar10();
  if (!data) return [{ case: name, notRun: "there is no CIFAR-10 in RELUCTANT_DATA or data/" }];
  try {
    return await agreementOf(await trainedNetwork(data));
  } finally {
    await data.close();
  }
}

async function agreementOf(trained: Trained): Promise<Row[]> {
  const { data, model, student, plaintext } = trained;
  const { weights: tensors, masks, polynomials } = student;
  const calibration = await inRing(trained, "validation", 4 * atOnce);
  const network = calibrate(quantize({ model, tensors, masks, polynomials }), calibration);
  const test = await data.batch(
    "test",
    Uint32Array.from({ length: count }, (_, i) => i),
  );
  const { classes, costs, level } = await privateClasses(network, await inRing(trained, "test", count));
  const agreeing = await plaintext.countCorrect({ images: test.images, labels: classes });
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
    of("online, median", median(costs.map((each) => totalOf(each, "online").ms)), "ms"),
    of(
      "offline, median (dealer: offline linear cost not included)",
      median(costs.map((each) => totalOf(each, "offline").ms)),
      "ms",
    ),
  ];
}

/** Classes by private inference, with the client's costs of each image. */
async function privateClasses(network: PrivateNetwork, images: readonly RingVector[]) {
  const classes = new Int32Array(images.length);
  const costs: Cost[][] = [];
  let level: Level | undefined;
  const start = performance.now();
  for (let done = 0; done < images.length; done += atOnce) {
    tell(done, images.length, performance.now() - start);
    const { logits, client, levels } = await measure({
      network,
      images: images.slice(done, done + atOnce),
      profile: "loopback",
    });
    logits.forEach((values, i) => {
      classes[done + i] = largest(decode(values));
    });
    costs.push(...client);
    level = levels.client;
  }
  tell(images.length, images.length, performance.now() - start);
  return { classes, costs, level };
}

const largest = (values: Float64Array): number => values.indexOf(Math.max(...values));

/** A bar, and how long it will be. */
function tell(done: number, of: number, ms: number): void {
  const width = Math.round((30 * done) / of);
  const left = done === 0 ? "" : `, ${Math.round((ms * (of - done)) / done / 1000)} s left`;
  process.stderr.write(`  ${"#".repeat(width).padEnd(30, ".")} ${done} of ${of}${left}\n`);
}

/** Images of a split as the network's first layer sees them, in fixed point. */
async function inRing({ data }: Trained, split: "validation" | "test", images: number): Promise<RingVector[]> {
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
