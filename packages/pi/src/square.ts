import type { Channel } from "./channel.ts";
import { gather } from "./chunks.ts";
import type { Inference } from "./inference.ts";
import type { StepOf } from "./network.ts";
import { multiply } from "./quadratic.ts";
import { Keystream, randomSeed, randomVector, seedBytes } from "./random.ts";
import { add, bytesOf, fractionBits, type RingVector, subtract, vectorOf } from "./ring.ts";
import { truncateClientShare, truncateServerShare } from "./sharing.ts";

/*
 * x² of shared x from a shared pair a, a² of the dealer's (Beaver, CRYPTO 1991): e = x − a is opened to both, and
 * x² = e² + 2ea + a². The client's share of x is fixed before there is an image, so its part of e goes out then; the
 * server's goes to the client with e itself. The client then hands its share of x², truncated, over but for a mask that
 * was fixed before, too: 8 bytes each way a unit and one round.
 */

/** Squares of an inference, and their place in the network. */
export interface SquareAt {
  step: StepOf<"square">;
  layer: number;
  inference: Inference;
}

/** The client's end: its share of the squares, and what it does online. */
export async function prepareSquareClient(
  { step, layer, inference }: SquareAt,
  { share, server, dealer }: { share: RingVector; server: Channel; dealer: Channel },
): Promise<{ share: RingVector; online: () => Promise<void> }> {
  inference.use("mask", layer);
  const count = step.units.length;
  const mask = randomVector(count);
  const seed = randomSeed();
  await dealer.send("maskSeed", seed);
  const root = new Keystream(seed).vector(count);
  const square = vectorOf(await dealer.receive("correlation", 8 * count));
  await server.send("differences", bytesOf(subtract(gather(share, step.units), root)));
  const online = async () => {
    inference.use("pairs", layer);
    const opened = vectorOf(await server.receive("differences", 8 * count));
    const wide = add(twice(multiply(opened, root)), square);
    await server.send("remasked", bytesOf(subtract(truncateClientShare(wide, fractionBits), mask)));
  };
  return { share: mask, online };
}

/** The server's end: gives its share of the squares, x² − mask, from its share of the layer before. */
export async function prepareSquareServer(
  { step, layer, inference }: SquareAt,
  { client, dealer }: { client: Channel; dealer: Channel },
): Promise<(share: RingVector) => Promise<RingVector>> {
  const count = step.units.length;
  const seed = randomSeed();
  await dealer.send("maskSeed", seed);
  const [root, square] = pairOf(seed, count);
  const ofClient = vectorOf(await client.receive("differences", 8 * count));
  return async (share) => {
    inference.use("pairs", layer);
    const opened = add(ofClient, subtract(gather(share, step.units), root));
    await client.send("differences", bytesOf(opened));
    const wide = add(add(multiply(opened, opened), twice(multiply(opened, root))), square);
    const remasked = vectorOf(await client.receive("remasked", 8 * count));
    return add(truncateServerShare(wide, fractionBits), remasked);
  };
}

/** The dealer's end: the client's share of a² where a is the sum of what both drew. */
export async function dealSquares(
  { units }: StepOf<"square">,
  { client, server }: Record<"client" | "server", Channel>,
) {
  const ofClient = new Keystream(await client.receive("maskSeed", seedBytes)).vector(units.length);
  const [root, square] = pairOf(await server.receive("maskSeed", seedBytes), units.length);
  const whole = add(ofClient, root);
  await client.send("correlation", bytesOf(subtract(multiply(whole, whole), square)));
}

/** The server's shares of a and a². */
function pairOf(seed: Uint8Array, count: number): [root: RingVector, square: RingVector] {
  const stream = new Keystream(seed);
  return [stream.vector(count), stream.vector(count)];
}

const twice = (vector: RingVector): RingVector => add(vector, vector);
