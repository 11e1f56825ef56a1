import { type Cost, keptReluCount, measure, type PrivateNetwork, totalOf } from "@reluctant/pi";
import { kernelsAt, levelsHere, namedModel, polynomialDegree, readyNetwork } from "@reluctant/pi/units";
import type { Figure } from "../rows.ts";
import type { Case } from "./case.ts";

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

/** Of the second of two images, the client's costs: of each linear layer, and of all of them. */
async function inferenceOf(model: Parameters<typeof namedModel>[0], kept: number): Promise<Figure[]> {
  const { network, images } = readyNetwork(namedModel(model), { seed: 1, kept, images: 2 });
  const { client, levels } = await measure({ network, images, profile: "loopback", linear: "he" });
  const name = `${model}, encrypted linear layers, ${levels.client}`;
  return figuresOf(name, network, client[1] as Cost[]);
}

export function figuresOf(name: string, { architecture }: PrivateNetwork, costs: readonly Cost[]): Figure[] {
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
  { name: "he-resnet8", quick: true, run: () => inferenceOf("resnet8", 0.1) },
  { name: "he-resnet20", quick: false, run: () => inferenceOf("resnet20", 0.1) },
  { name: "he-resnet18", quick: false, run: () => inferenceOf("resnet18", 50 / 557.056) },
];
