import {
  baseTransfers,
  boundedReluCircuit,
  type ConvolutionShape,
  chooseTransfers,
  chunkUnits,
  filterSize,
  fullReluCircuit,
  inputSize,
  type Kernels,
  kernelsAt,
  type Level,
  levelsHere,
  offerTransfers,
  outputSize,
  type ReluCircuit,
  randomDelta,
  randomVector,
  randomWords,
  ringBits,
  shiftRight,
  threadedKernels,
} from "@reluctant/pi/units";
import type { Figure } from "../rows.ts";
import type { Case } from "./case.ts";
import { garbledRelus } from "./garbled.ts";

/** The best of many runs, ms: what the code takes where nothing else runs. */
async function bestOf(runs: number, run: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** A case for each of these levels: what it finds of each of these circuits or shapes. */
const byLevel = <T>(
  name: string,
  levels: readonly Level[],
  items: readonly T[],
  figures: (kernels: Kernels, item: T) => Promise<Figure[]>,
): Case[] =>
  levels.map((level) => ({
    name: `${name}-${level}`,
    quick: true,
    async run() {
      const rows: Figure[] = [];
      for (const item of items) rows.push(...(await figures(kernelsAt(level), item)));
      return rows;
    },
  }));

const perRelu = (ms: number) => (1000 * ms) / chunkUnits;

/** More where a run is short: 2 ms and less on a machine with other work are seldom left alone. */
const runsOf = ({ level }: Kernels): number => (level === "javascript" ? 3 : level === "wasm" ? 30 : 150);

async function garbling(kernels: Kernels, circuit: ReluCircuit): Promise<Figure[]> {
  const x = shiftRight(randomVector(chunkUnits), ringBits - circuit.signBits);
  const chunk = await garbledRelus(circuit, x, kernels);
  const name = `${kernels.level}, ${circuit.ands} ANDs`;
  return [
    { case: `garble, ${name}`, value: perRelu(await bestOf(runsOf(kernels), chunk.garble)), unit: "µs a ReLU" },
    {
      case: `evaluate, ${name}`,
      value: perRelu(await bestOf(runsOf(kernels), chunk.evaluate)),
      unit: "µs a ReLU",
      ...(circuit === fullReluCircuit && onlineGoals[kernels.level]),
    },
  ];
}

/** Eight chunks at once, by one thread and by two. */
async function inThreads(kernels: Kernels, circuit: ReluCircuit): Promise<Figure[]> {
  const chunks = 8;
  const rows: Figure[] = [];
  for (const threads of [1, 2]) {
    const pool = threadedKernels(kernels, threads);
    const chunk = await garbledRelus(circuit, randomVector(chunkUnits), pool);
    let ms = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 6; run++) {
      const zeros = Array.from({ length: chunks }, chunk.copy); // which threads take
      ms = Math.min(ms, await bestOf(1, () => Promise.all(zeros.map(chunk.garbleWith))));
    }
    await pool.close();
    const name = `garble in ${threads === 1 ? "a thread" : `${threads} threads`}, ${kernels.level}, ${circuit.ands} ANDs`;
    rows.push({ case: name, value: perRelu(ms / chunks), unit: "µs a ReLU" });
  }
  return rows;
}

/** Of the evaluator's time over the whole ring. */
const onlineGoals: Partial<Record<Level, Pick<Figure, "atMost">>> = {
  wasm: { atMost: 4 },
  avx2: { atMost: 2 },
  avx512: { atMost: 1 },
};

async function transfers(kernels: Kernels, circuit: ReluCircuit): Promise<Figure[]> {
  const delta = randomDelta();
  const { offer, seeds } = offerTransfers();
  const chosen = chooseTransfers(offer, delta);
  const receiver = kernels.receiver(seeds(chosen.choices));
  const sender = kernels.sender(delta, chosen.seeds);
  const count = chunkUnits * (circuit.signBits + ringBits);
  const choices = randomWords(count / 32);
  const { corrections } = receiver.extend(choices);
  const name = `${kernels.level}, ${circuit.signBits + ringBits} transfers a ReLU`;
  return [
    {
      case: `transfers, receiver, ${name}`,
      value: perRelu(await bestOf(runsOf(kernels), () => receiver.extend(choices))),
      unit: "µs a ReLU",
    },
    {
      case: `transfers, sender, ${name}`,
      value: perRelu(await bestOf(runsOf(kernels), () => sender.extend(corrections, count))),
      unit: "µs a ReLU",
    },
  ];
}

async function base(): Promise<Figure[]> {
  const delta = randomDelta();
  const { offer, seeds } = offerTransfers();
  const { choices } = chooseTransfers(offer, delta);
  const name = `base transfers, ${baseTransfers}`;
  return [
    { case: `${name}, sender`, value: await bestOf(3, () => seeds(choices)), unit: "ms" },
    { case: `${name}, receiver`, value: await bestOf(3, () => chooseTransfers(offer, delta)), unit: "ms" },
  ];
}

/** Of ResNet-18 at 32 × 32. */
const layers: ConvolutionShape[] = [
  { height: 32, width: 32, channelsIn: 64, channelsOut: 64, kernel: 3, stride: 1, padding: 1 },
  { height: 4, width: 4, channelsIn: 512, channelsOut: 512, kernel: 3, stride: 1, padding: 1 },
];

async function convolution(kernels: Kernels, shape: ConvolutionShape): Promise<Figure[]> {
  const filters = randomWords(filterSize(shape) * shape.channelsOut).map((word) => word >> 20);
  const image = randomVector(inputSize(shape));
  const ms = await bestOf(10, () => kernels.convolve(shape, filters, image));
  const name = `convolution, ${kernels.level}, ${shape.height} × ${shape.width} × ${shape.channelsIn}`;
  return [{ case: name, value: (outputSize(shape) * filterSize(shape)) / ms / 1e6, unit: "GMAC/s" }];
}

const circuits = [boundedReluCircuit, fullReluCircuit];

const here = levelsHere();
/** All but the oracle of convolution, which takes minutes. */
const fast = here.filter((level) => level !== "javascript");

export const units: Case[] = [
  ...byLevel("garbling", here, circuits, garbling),
  ...byLevel("garbling-in-threads", fast, circuits, inThreads),
  ...byLevel("transfers", here, circuits, transfers),
  { name: "base-transfers", quick: true, run: base },
  ...byLevel("convolution", fast, layers, convolution),
];
