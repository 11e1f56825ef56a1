import {
  type Cost,
  calibrate,
  decode,
  keptReluCount,
  type LinearWeights,
  measure,
  type PrivateNetwork,
  quantize,
  totalOf,
} from "@reluctant/pi";
import {
  chooseKernels,
  kernelsAt,
  levelsHere,
  namedModel,
  polynomialDegree,
  readyNetwork,
  throughEncryption,
  worstNoise,
  worstNoiseWhenDecrypted,
} from "@reluctant/pi/units";
import type { Figure, Row } from "../rows.ts";
import { inRing, largest } from "./agreement.ts";
import type { Case } from "./case.ts";
import { ofTrained, type Trained } from "./trained.ts";

/*
 * Linear layers by homomorphic encryption: what their correlations cost offline, where other cases have a dealer. Few ReLUs stay,
 * since theirs are not asked here.
 */

/** The best of many, µs modulo one prime. */
function transforms(): Figure[] {
  return levelsHere()
    .filter((level) => level !== "javascript") // whose transforms WebAssembly's level has
    .flatMap((level) => {
      const { polynomials } = kernelsAt(level);
      const residues = new Int32Array(polynomialDegree).fill(12_345);
      const values = new Int32Array(polynomialDegree).fill(54_321);
      const best = (run: () => void) => {
        let ms = Number.POSITIVE_INFINITY;
        for (let i = 0; i < (level === "wasm" ? 30 : 1_000); i++) {
          const start = performance.now();
          run();
          ms = Math.min(ms, performance.now() - start);
        }
        return 1_000 * ms;
      };
      return [
        { case: `transform, ${level}`, value: best(() => polynomials.forward(residues)), unit: "µs" },
        { case: `transform back, ${level}`, value: best(() => polynomials.inverse(residues)), unit: "µs" },
        {
          case: `product of values, ${level}`,
          value: best(() => polynomials.multiplyAdd(values, residues, residues)),
          unit: "µs",
        },
      ];
    });
}

/** Of a network's layers: noise before the flood beside its bound, and how much of what decryption bears is left behind it. */
function noises(model: Parameters<typeof namedModel>[0]): Figure[] {
  const { network } = readyNetwork(namedModel(model), { seed: 1, kept: 0, images: 0 });
  const { polynomials } = chooseKernels();
  return network.architecture.steps.flatMap((step) => {
    if (step.op !== "linear") return [];
    const { filters } = network.weights.get(step.name) as LinearWeights;
    const { unflooded, noise, packing } = throughEncryption(step.shape, filters, polynomials);
    const name = `${model}, ${step.name}`;
    return [
      {
        case: `${name}: noise of products`,
        value: Math.log2(unflooded),
        unit: "bits",
        atMost: Math.log2(worstNoise(packing, filters)),
      },
      {
        case: `${name}: left of the noise that decryption bears`,
        value: -Math.log2(noise),
        unit: "bits",
        atLeast: -Math.log2(worstNoiseWhenDecrypted()),
      },
    ];
  });
}

/** Of the second of two images, the client's costs: of each linear layer, and of all of them. */
async function inferenceOf(model: Parameters<typeof namedModel>[0], kept: number): Promise<Figure[]> {
  const { network, images } = readyNetwork(namedModel(model), { seed: 1, kept, images: 2 });
  const { client, levels } = await measure({ network, images, profile: "loopback", linear: "he" });
  const name = `${model}, encrypted linear layers, ${levels.client}`;
  return figuresOf(name, network, client[1] as Cost[]);
}

const count = 3;
const agreementName = `ResNet-20, ${count} images of CIFAR-10, encrypted linear layers`;

/** Whether it says of real images what the network says in floating point, which was trained for real. */
const agreement = (): Promise<Row[]> => ofTrained(agreementName, agreementOf);

async function agreementOf(trained: Trained): Promise<Row[]> {
  const { data, model, student, plaintext } = trained;
  const { weights: tensors, masks, polynomials } = student;
  const network = calibrate(quantize({ model, tensors, masks, polynomials }), await inRing(trained, "validation", 100));
  const images = await inRing(trained, "test", count);
  const { logits, client, levels } = await measure({ network, images, profile: "loopback", linear: "he" });
  const { images: pixels } = await data.batch(
    "test",
    Uint32Array.from({ length: count }, (_, i) => i),
  );
  const labels = Int32Array.from(logits, (values) => largest(decode(values)));
  const agreeing = await plaintext.countCorrect({ images: pixels, labels });
  const of = { case: `${agreementName}: of the plaintext's class`, value: agreeing, unit: "images", atLeast: count };
  return [of, ...figuresOf(`${agreementName}, ${levels.client}`, network, client.at(-1) as Cost[])];
}

function figuresOf(name: string, { architecture }: PrivateNetwork, costs: readonly Cost[]): Figure[] {
  const linear = new Set(architecture.steps.filter(({ op }) => op === "linear").map((step) => step.name));
  const ofLayers = costs.filter(({ phase, step }) => phase === "offline" && (linear.has(step) || step === keyStep));
  const rowsOf = (what: string, { ms, bytesSent, bytesReceived }: Omit<Cost, "step" | "phase">): Figure[] => [
    { case: `${name}: ${what}`, value: ms, unit: "ms" },
    { case: `${name}: ${what}, to the server`, value: bytesSent / 1e6, unit: "MB" },
    { case: `${name}: ${what}, to the client`, value: bytesReceived / 1e6, unit: "MB" },
  ];
  return [
    ...ofLayers.flatMap((cost) => rowsOf(cost.step, cost)),
    ...rowsOf("linear layers, offline", totalOf(ofLayers, "offline")),
    ...rowsOf(`all offline, with ${keptReluCount(architecture)} ReLUs`, totalOf(costs, "offline")),
    { case: `${name}: online`, value: totalOf(costs, "online").ms, unit: "ms" },
  ];
}

const keyStep = "encryption key";

export const encrypted: Case[] = [
  { name: "he-transforms", quick: true, run: transforms },
  { name: "he-noise-resnet20", quick: true, run: () => noises("resnet20") },
  { name: "he-noise-resnet18", quick: false, run: () => noises("resnet18") },
  { name: "he-resnet8", quick: true, run: () => inferenceOf("resnet8", 0.1) },
  { name: "he-resnet20", quick: false, run: () => inferenceOf("resnet20", 0.1) },
  { name: "he-resnet18", quick: false, run: () => inferenceOf("resnet18", 50 / 557.056) },
  { name: "he-cifar10", quick: false, run: agreement },
];
