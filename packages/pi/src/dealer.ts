import { type Channel, ChannelError } from "./channel.ts";
import { filterSize, inputSize } from "./convolution.ts";
import type { ClientCorrelations, ServerCorrelations } from "./correlations.ts";
import { imagesOf } from "./images.ts";
import type { Kernels } from "./kernels.ts";
import { convolveEach } from "./linear-layer.ts";
import type { Architecture, LinearWeights, PrivateNetwork, Step, StepOf } from "./network.ts";
import { combine } from "./quadratic.ts";
import { Keystream, randomSeed, seedBytes } from "./random.ts";
import { bytesOf, concatenated, type RingVector, subtract, vectorOf } from "./ring.ts";
import { prepareSquareClient, prepareSquareServer } from "./square.ts";
import { dealSquares, pairsOfDealerAtClient, pairsOfDealerAtServer } from "./square-dealer.ts";

/*
 * Correlations of linear layers from a dealer: for the client's share r of a layer's input the client gets W·r − s, the
 * server s, uniform. A dealer is a third party that both trust; it learns the weights and the client's shares, no image and
 * nothing of the online phase. It stands where homomorphic encryption belongs, so what an inference costs with it is labeled:
 * dealer, offline linear cost not included.
 */

/** How measurements with this dealer are labeled, wherever they are shown. */
export const dealerLabel = "dealer: offline linear cost not included";

/** Bytes of a step's weights at the dealer: 4 each. */
const weightBytes = (step: StepOf<"linear" | "quadratic">): number =>
  4 * (step.op === "linear" ? filterSize(step.shape) * step.shape.channelsOut : 2 * step.channels);

/** What the dealer learns the weights of, in the order of the steps. */
const dealtSteps = ({ steps }: Architecture): StepOf<"linear" | "quadratic">[] =>
  steps.filter(
    (step): step is StepOf<"linear" | "quadratic"> =>
      step.op === "linear" || (step.op === "quadratic" && step.coefficients === "secret"),
  );

/** Serves inferences to one client and one server until the client goes. */
export async function deal(
  architecture: Architecture,
  { client, server, kernels }: { client: Channel; server: Channel; kernels: Kernels },
): Promise<void> {
  const filters = new Map<string, Int32Array>();
  for (const step of dealtSteps(architecture)) {
    filters.set(step.name, new Int32Array((await server.receive("weights", weightBytes(step))).buffer));
  }
  const of = ({ name }: Step) => filters.get(name) as Int32Array;
  /** The client's W·r − s, r what it sends of `inputs` elements. */
  const correlate = async (
    size: { inputs: number; outputs: number },
    product: (mask: RingVector) => RingVector | Promise<RingVector>,
  ) => {
    const mask = vectorOf(await client.receive("mask", 8 * size.inputs));
    const kept = new Keystream(await server.receive("maskSeed", seedBytes)).vector(size.outputs);
    await client.send("correlation", bytesOf(subtract(await product(mask), kept)));
  };
  const serve = async (step: Step): Promise<void> => {
    if (step.op === "square") return dealSquares(step, { client, server });
    if (step.op === "linear") {
      const images = imagesOf(step);
      const size = { inputs: images * inputSize(step.shape), outputs: step.size };
      return correlate(size, (mask) => convolveEach(step, of(step), mask, kernels));
    }
    if (step.op !== "quadratic" || step.coefficients === "public") return;
    const count = step.units.length;
    await correlate({ inputs: 2 * count, outputs: count }, (mask) =>
      combine(step, of(step), { x: mask.subarray(0, count), squares: mask.subarray(count) }),
    );
  };
  try {
    for (;;) for (const step of architecture.steps) await serve(step);
  } catch (error) {
    if (!(error instanceof ChannelError && error.reason === "closed")) throw error;
  }
}

/** Before the first inference: the server gives the dealer the weights. */
export async function enrollWeights({ architecture, weights }: PrivateNetwork, dealer: Channel): Promise<void> {
  for (const { name } of dealtSteps(architecture)) {
    await dealer.send("weights", (weights.get(name) as LinearWeights).filters);
  }
}

/** The client's end. */
export const dealtToClient = ({ server, dealer }: { server: Channel; dealer: Channel }): ClientCorrelations => ({
  linear: ({ size }, share) => requestCorrelation(share, size, dealer),
  quadratic: ({ units }, { x, squares }) => requestCorrelation(concatenated(x, squares), units.length, dealer),
  square: async (at, share) =>
    prepareSquareClient(at, { share, server, pairs: await pairsOfDealerAtClient(at.step, dealer) }),
});

/** The server's end. */
export const dealtToServer = ({ client, dealer }: { client: Channel; dealer: Channel }): ServerCorrelations => ({
  linear: ({ size }) => provideCorrelation(size, dealer),
  quadratic: ({ units }) => provideCorrelation(units.length, dealer),
  square: async (at) => prepareSquareServer(at, { client, pairs: await pairsOfDealerAtServer(at.step, dealer) }),
});

/** The client's W·share − s, of so many elements. */
async function requestCorrelation(share: RingVector, elements: number, dealer: Channel): Promise<RingVector> {
  await dealer.send("mask", bytesOf(share));
  return vectorOf(await dealer.receive("correlation", 8 * elements));
}

/** The server's s. */
async function provideCorrelation(elements: number, dealer: Channel): Promise<RingVector> {
  const seed = randomSeed();
  await dealer.send("maskSeed", seed);
  return new Keystream(seed).vector(elements);
}
