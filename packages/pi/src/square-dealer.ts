import type { Channel } from "./channel.ts";
import type { StepOf } from "./network.ts";
import { multiply } from "./quadratic.ts";
import { Keystream, randomSeed, seedBytes } from "./random.ts";
import { add, bytesOf, subtract, vectorOf } from "./ring.ts";
import type { SquarePairs } from "./square.ts";

/* Square pairs of a dealer's: both draw a root, the server its share of the square, and the client gets what is missing. */

/** The client's end. */
export async function pairsOfDealerAtClient({ units }: StepOf<"square">, dealer: Channel): Promise<SquarePairs> {
  const seed = randomSeed();
  await dealer.send("maskSeed", seed);
  const root = new Keystream(seed).vector(units.length);
  return { root, square: vectorOf(await dealer.receive("correlation", 8 * units.length)) };
}

/** The server's end. */
export async function pairsOfDealerAtServer({ units }: StepOf<"square">, dealer: Channel): Promise<SquarePairs> {
  const seed = randomSeed();
  await dealer.send("maskSeed", seed);
  return drawn(seed, units.length);
}

/** The dealer's end. */
export async function dealSquares(
  { units }: StepOf<"square">,
  { client, server }: Record<"client" | "server", Channel>,
): Promise<void> {
  const ofClient = new Keystream(await client.receive("maskSeed", seedBytes)).vector(units.length);
  const { root, square } = drawn(await server.receive("maskSeed", seedBytes), units.length);
  const whole = add(ofClient, root);
  await client.send("correlation", bytesOf(subtract(multiply(whole, whole), square)));
}

/** The server's shares. */
function drawn(seed: Uint8Array, count: number): SquarePairs {
  const stream = new Keystream(seed);
  return { root: stream.vector(count), square: stream.vector(count) };
}
