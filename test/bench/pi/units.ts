import {
  baseTransfers,
  boundedReluCircuit,
  type ConvolutionShape,
  CorrelatedReceiver,
  CorrelatedSender,
  chooseTransfers,
  chunkUnits,
  convolve,
  filterSize,
  fullReluCircuit,
  inputSize,
  JavascriptKernels,
  offerTransfers,
  outputSize,
  type ReluCircuit,
  randomDelta,
  randomVector,
  randomWords,
  ringBits,
  shiftRight,
  WasmKernels,
} from "@reluctant/pi/units";
import type { Figure } from "../rows.ts";
import type { Case } from "./case.ts";
import { garbledRelus } from "./garbled.ts";

/** The best of many runs, ms: what the code takes where nothing else runs. */
function bestOf(runs: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

const levels = { JavaScript: () => new JavascriptKernels(), WebAssembly: () => new WasmKernels() };

const perRelu = (ms: number) => (1000 * ms) / chunkUnits;

function garbling(level: keyof typeof levels, circuit: ReluCircuit): Figure[] {
  const x = shiftRight(randomVector(chunkUnits), ringBits - circuit.signBits);
  const chunk = garbledRelus(circuit, x, levels[level]());
  const name = `${level}, ${circuit.ands} ANDs`;
  return [
    { case: `garble, ${name}`, value: perRelu(bestOf(30, chunk.garble)), unit: "µs a ReLU" },
    { case: `evaluate, ${name}`, value: perRelu(bestOf(30, chunk.evaluate)), unit: "µs a ReLU" },
  ];
}

function transfers(circuit: ReluCircuit): Figure[] {
  const delta = randomDelta();
  const { offer, seeds } = offerTransfers();
  const chosen = chooseTransfers(offer, delta);
  const receiver = new CorrelatedReceiver(seeds(chosen.choices));
  const sender = new CorrelatedSender(delta, chosen.seeds);
  const count = chunkUnits * (circuit.signBits + ringBits);
  const choices = randomWords(count / 32);
  const { corrections } = receiver.extend(choices);
  const name = `${circuit.signBits + ringBits} transfers a ReLU`;
  return [
    {
      case: `transfers, receiver, ${name}`,
      value: perRelu(bestOf(15, () => receiver.extend(choices))),
      unit: "µs a ReLU",
    },
    {
      case: `transfers, sender, ${name}`,
      value: perRelu(bestOf(15, () => sender.extend(corrections, count))),
      unit: "µs a ReLU",
    },
  ];
}

function base(): Figure[] {
  const delta = randomDelta();
  const { offer, seeds } = offerTransfers();
  const { choices } = chooseTransfers(offer, delta);
  const name = `base transfers, ${baseTransfers}`;
  return [
    { case: `${name}, sender`, value: bestOf(3, () => seeds(choices)), unit: "ms" },
    { case: `${name}, receiver`, value: bestOf(3, () => chooseTransfers(offer, delta)), unit: "ms" },
  ];
}

/** Of ResNet-18 at 32 × 32. */
const layers: ConvolutionShape[] = [
  { height: 32, width: 32, channelsIn: 64, channelsOut: 64, kernel: 3, stride: 1, padding: 1 },
  { height: 4, width: 4, channelsIn: 512, channelsOut: 512, kernel: 3, stride: 1, padding: 1 },
];

function convolution(shape: ConvolutionShape): Figure[] {
  const filters = randomWords(filterSize(shape) * shape.channelsOut).map((word) => word >> 20);
  const image = randomVector(inputSize(shape));
  const ms = bestOf(3, () => convolve(shape, filters, image));
  const name = `convolution, ${shape.height} × ${shape.width} × ${shape.channelsIn}`;
  return [{ case: name, value: (outputSize(shape) * filterSize(shape)) / ms / 1e6, unit: "GMAC/s" }];
}

const circuits = [boundedReluCircuit, fullReluCircuit];
const levelNames = Object.keys(levels) as (keyof typeof levels)[];

export const units: Case[] = [
  {
    name: "garbling",
    quick: true,
    run: () => levelNames.flatMap((level) => circuits.flatMap((circuit) => garbling(level, circuit))),
  },
  { name: "transfers", quick: true, run: () => circuits.flatMap(transfers) },
  { name: "base-transfers", quick: true, run: base },
  { name: "convolution", quick: true, run: () => layers.flatMap(convolution) },
];
