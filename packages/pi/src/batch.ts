import { maximumMessageBytes } from "./frame.ts";
import { ciphertextMemory, countsOf, packingOf } from "./he/packing.ts";
import { asLinear } from "./he/quadratic.ts";
import { imagesOf } from "./images.ts";
import type { LinearProtocolName } from "./linear-protocols.ts";
import { type Architecture, keptReluCount, type PrivateNetwork, type Step, type StepOf, stepsOf } from "./network.ts";

/*
 * A batch: so many images go through the layers together and share each round. Their vectors lie one behind the other, and to the
 * protocol they are one network of as many times the units; convolutions and pools, which are each image's own, say how many there are.
 */

/** Thrown where a batch takes more memory than a party may use for it. */
export class BatchError extends Error {
  override name = "BatchError";
}

/** What a batch may take of each party's memory, in bytes: of circuits and their labels, and of ciphertexts of a layer. */
const limits = { circuits: 8 * 2 ** 30, ciphertexts: 2 * 2 ** 30 };

/** At the client, of a kept unit until it is evaluated: tables, labels of its share and of its mask. */
const circuitBytes = 8_096;

/** The network for so many images at once. @throws BatchError where that takes too much memory */
export function batched(
  network: PrivateNetwork,
  { images, linear }: { images: number; linear: LinearProtocolName },
): PrivateNetwork {
  if (images === 1) return network;
  requireRoom(network.architecture, { images, linear });
  const { name, steps } = network.architecture;
  const sizes = new Map(steps.map((step) => [step.name, step.size]));
  const strideOf = (from: string) => ({ images, stride: sizes.get(from) as number });
  const inBatch = (step: Step): Step => {
    const size = step.size * images;
    switch (step.op) {
      case "linear":
      case "average-pool":
        return { ...step, size, images };
      case "relu":
        return { ...step, size, kept: repeated(step.kept, strideOf(step.from)) };
      case "square":
      case "quadratic":
        return { ...step, size, units: repeated(step.units, strideOf(step.from)) };
      default:
        return { ...step, size };
    }
  };
  return { ...network, architecture: { name, steps: steps.map(inBatch) } };
}

function requireRoom(
  architecture: Architecture,
  { images, linear }: { images: number; linear: LinearProtocolName },
): void {
  const refuse = (what: string, limit: string): never => {
    throw new BatchError(`pi.batch: ${images} images take ${what} where ${limit} are allowed: choose a smaller batch`);
  };
  const largest = Math.max(...architecture.steps.map(longestVector));
  if (8 * largest * images > maximumMessageBytes)
    refuse(`a layer of ${mebibytes(8 * largest * images)}`, mebibytes(maximumMessageBytes));
  const circuits = keptReluCount(architecture) * circuitBytes * images;
  if (circuits > limits.circuits) refuse(`${mebibytes(circuits)} of ReLUs`, mebibytes(limits.circuits));
  if (linear !== "he") return;
  for (const step of encryptedLayers(architecture, images)) {
    const { inputs } = countsOf(packingOf(step.name, step.shape));
    const ciphertexts = (inputs + 1) * ciphertextMemory * imagesOf(step); // what came, and a group's sum
    if (ciphertexts > limits.ciphertexts)
      refuse(`${mebibytes(ciphertexts)} of ciphertexts of "${step.name}"`, mebibytes(limits.ciphertexts));
  }
}

/** Elements of the longest vector that a step takes or gives, of an image: a polynomial takes x and its square in one. */
const longestVector = (step: Step): number =>
  step.op === "quadratic" ? Math.max(step.size, 2 * step.units.length) : step.size;

/** What is computed on ciphertexts: linear layers, an image each, and secret polynomials, all images' positions in one. */
function encryptedLayers(architecture: Architecture, images: number): StepOf<"linear">[] {
  const secret = stepsOf(architecture, "quadratic").filter(({ coefficients }) => coefficients === "secret");
  return [
    ...stepsOf(architecture, "linear").map((step) => ({ ...step, images })),
    ...secret.map((step) => asLinear({ ...step, size: step.size * images })),
  ];
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** Units of a layer, in each image of a batch. */
function repeated(units: Uint32Array, { images, stride }: { images: number; stride: number }): Uint32Array {
  const out = new Uint32Array(images * units.length);
  for (let image = 0; image < images; image++)
    for (let i = 0; i < units.length; i++) out[image * units.length + i] = image * stride + (units[i] as number);
  return out;
}
