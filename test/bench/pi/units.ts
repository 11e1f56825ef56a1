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

/** All but the oracle of convolution, which takes minutes. */
const fastLevels = () => levelsHere().filter((level) => level !== "javascript");

/** Rows of each of these circuits, or shapes, at each of these levels, one after another. */
async function each<T>(
  levels: readonly Level[],
  items: readonly T[],
  figures: (kernels: Kernels, item: T) => Promise<Figure[]>,
): Promise<Figure[]> {
  const rows: Figure[] = [];
  for (const level of levels) for (const item of items) rows.push(...(await figures(kernelsAt(level), item)));
  return rows;
}

const perRelu = (ms: number) => (1000 * ms) / chunkUnits;

async function garbling(kernels: Kernels, circuit: ReluCircuit): Promise<Figure[]> {
  const x = shiftRight(randomVector(chunkUnits), ringBits - circuit.signBits);
  const chunk = await garbledRelus(circuit, x, kernels);
  const name = `${kernels.level}, ${circuit.ands} ANDs`;
  return [
    { case: `garble, ${name}`, value: perRelu(await bestOf(30, chunk.garble)), unit: "µs a ReLU" },
    {
      case: `evaluate, ${name}`,
      value: perRelu(await bestOf(30, chunk.evaluate)),
      unit: "µs a ReLU",
      ...(circuit === fullReluCircuit && onlineGoals[kernels.level]),
    },
  ];
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
      value: perRelu(await bestOf(15, () => receiver.extend(choices))),
      unit: "µs a ReLU",
    },
    {
      case: `transfers, sender, ${name}`,
      value: perRelu(await bestOf(15, () => sender.extend(corrections, count))),
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
  const ms = await bestOf(5, () => kernels.convolve(shape, filters, image));
  const name = `convolution, ${kernels.level}, ${shape.height} × ${shape.width} × ${shape.channelsIn}`;
  return [{ case: name, value: (outputSize(shape) * filterSize(shape)) / ms / 1e6, unit: "GMAC/s" }];
}

const circuits = [boundedReluCircuit, fullReluCircuit];

export const units: Case[] = [
  {
    name: "garbling",
    quick: true,
    run: () => each(levelsHere(), circuits, garbling),
  },
  { name: "transfers", quick: true, run: () => each(levelsHere(), circuits, transfers) },
  { name: "base-transfers", quick: true, run: base },
  { name: "convolution", quick: true, run: () => each(fastLevels(), layers, convolution) },
];
