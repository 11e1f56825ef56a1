import { type Channel, ChannelError } from "./channel.ts";
import { filterSize, inputSize, outputSize } from "./convolution.ts";
import type { Kernels } from "./kernels.ts";
import { type Architecture, type StepOf, stepsOf } from "./network.ts";
import { Keystream, randomSeed, seedBytes } from "./random.ts";
import { bytesOf, type RingVector, subtract, vectorOf } from "./ring.ts";

/*
 * Correlations of linear layers from a dealer: for the client's share r of a layer's input the client gets W·r − s, the
 * server s, uniform. A dealer is a third party that both trust; it learns the weights and the client's shares, no image and
 * nothing of the online phase. It stands where homomorphic encryption belongs, with the same messages on the parties' sides.
 * So what an inference costs with it is labeled: dealer, offline linear cost not included.
 */

/** How measurements with this dealer are labeled, wherever they are shown. */
export const dealerLabel = "dealer: offline linear cost not included";

/** Serves inferences to one client and one server until the client goes. */
export async function deal(
  architecture: Architecture,
  { client, server, kernels }: { client: Channel; server: Channel; kernels: Kernels },
): Promise<void> {
  const layers = stepsOf(architecture, "linear");
  const filters = new Map<string, Int32Array>();
  for (const { name, shape } of layers) {
    const received = await server.receive("weights", 4 * filterSize(shape) * shape.channelsOut);
    filters.set(name, new Int32Array(received.buffer));
  }
  const correlate = async ({ name, shape }: StepOf<"linear">): Promise<void> => {
    const mask = vectorOf(await client.receive("mask", 8 * inputSize(shape)));
    const kept = new Keystream(await server.receive("maskSeed", seedBytes)).vector(outputSize(shape));
    const product = kernels.convolve(shape, filters.get(name) as Int32Array, mask);
    await client.send("correlation", bytesOf(subtract(product, kept)));
  };
  try {
    for (;;) for (const layer of layers) await correlate(layer);
  } catch (error) {
    if (!(error instanceof ChannelError && error.reason === "closed")) throw error;
  }
}

/** The client's end of a correlation: W·share − s. */
export async function requestCorrelation(
  { shape }: StepOf<"linear">,
  share: RingVector,
  dealer: Channel,
): Promise<RingVector> {
  await dealer.send("mask", bytesOf(share));
  return vectorOf(await dealer.receive("correlation", 8 * outputSize(shape)));
}

/** The server's end: s. */
export async function provideCorrelation({ shape }: StepOf<"linear">, dealer: Channel): Promise<RingVector> {
  const seed = randomSeed();
  await dealer.send("maskSeed", seed);
  return new Keystream(seed).vector(outputSize(shape));
}
