import type { Channel } from "./channel.ts";
import { gather } from "./chunks.ts";
import type { Inference } from "./inference.ts";
import type { StepOf } from "./network.ts";
import { multiply } from "./quadratic.ts";
import { randomVector } from "./random.ts";
import { add, bytesOf, fractionBits, type RingVector, subtract, vectorOf } from "./ring.ts";
import { truncateClientShare, truncateServerShare } from "./sharing.ts";

/*
 * x² of shared x from a shared pair a, a² (Beaver, CRYPTO 1991), which a dealer gives or transfers do: e = x − a is opened to both,
 * and x² = e² + 2ea + a². The client's share of x is fixed before there is an image, so its part of e goes out then; the
 * server's goes to the client with e itself. The client then hands its share of x², truncated, over but for a mask that
 * was fixed before, too: 8 bytes each way a unit and one round.
 */

/** One party's shares of a and a², one pair a unit. */
export interface SquarePairs {
  root: RingVector;
  square: RingVector;
}

/** Squares of an inference, and their place in the network. */
export interface SquareAt {
  step: StepOf<"square">;
  layer: number;
  inference: Inference;
}

/** The client's end: its share of the squares, and what it does online. */
export async function prepareSquareClient(
  { step, layer, inference }: SquareAt,
  { share, server, pairs: { root, square } }: { share: RingVector; server: Channel; pairs: SquarePairs },
): Promise<{ share: RingVector; online: () => Promise<void> }> {
  inference.use("mask", layer);
  const count = step.units.length;
  const mask = randomVector(count);
  await server.send("differences", bytesOf(subtract(gather(share, step.units), root)));
  const online = async () => {
    inference.use("pairs", layer);
    const opened = vectorOf(await server.receive("differences", 8 * count));
    const wide = add(doubled(multiply(opened, root)), square);
    await server.send("remasked", bytesOf(subtract(truncateClientShare(wide, fractionBits), mask)));
  };
  return { share: mask, online };
}

/** The server's end: gives its share of the squares, x² − mask, from its share of the layer before. */
export async function prepareSquareServer(
  { step, layer, inference }: SquareAt,
  { client, pairs: { root, square } }: { client: Channel; pairs: SquarePairs },
): Promise<(share: RingVector) => Promise<RingVector>> {
  const count = step.units.length;
  const ofClient = vectorOf(await client.receive("differences", 8 * count));
  return async (share) => {
    inference.use("pairs", layer);
    const opened = add(ofClient, subtract(gather(share, step.units), root));
    await client.send("differences", bytesOf(opened));
    const wide = add(add(multiply(opened, opened), doubled(multiply(opened, root))), square);
    const remasked = vectorOf(await client.receive("remasked", 8 * count));
    return add(truncateServerShare(wide, fractionBits), remasked);
  };
}

/** 2v, element by element. */
export const doubled = (vector: RingVector): RingVector => add(vector, vector);
