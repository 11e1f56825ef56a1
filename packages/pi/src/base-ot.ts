import { createHash, randomBytes } from "node:crypto";
import { ristretto255 } from "@noble/curves/ed25519.js";
import type { Delta } from "./labels.ts";
import { seedBytes } from "./random.ts";

/** Base oblivious transfers that an extension takes: one for each bit of Δ. */
export const baseTransfers = 128;

/** Bytes of a group element. */
export const pointBytes = 32;

type Point = typeof ristretto255.Point.BASE;

/** The group's generator, with a table: 0.3 ms a multiple on a busy machine, where one without takes 3.6. */
const generator = ristretto255.Point.BASE.precompute(6);

/** The sender's two seeds of each transfer. */
export type SeedPairs = readonly (readonly [Uint8Array, Uint8Array])[];

/** Thrown where a peer's group element is none. */
export class InvalidPointError extends Error {
  override name = "InvalidPointError";
}

/**
 * The sender's side of 128 random oblivious transfers on ristretto255 (Chou & Orlandi, "The Simplest Protocol for Oblivious
 * Transfer", LATINCRYPT 2015; secure here against semi-honest peers): `offer` is A = a·G, and a choice's two seeds are
 * hashes of a·B and a·(B − A).
 */
export function offerTransfers(): { offer: Uint8Array; seeds: (choices: Uint8Array) => SeedPairs } {
  const secret = randomScalar();
  const offered = generator.multiply(secret);
  const offer = offered.toBytes();
  const offeredTimesSecret = offered.multiply(secret);
  const seeds = (choices: Uint8Array): SeedPairs =>
    Array.from({ length: baseTransfers }, (_, transfer) => {
      const choice = choices.subarray(transfer * pointBytes, (transfer + 1) * pointBytes);
      const shared = pointOf(choice).multiply(secret);
      const seedOf = (point: Point) => seedFrom({ transfer, offer, choice, point });
      return [seedOf(shared), seedOf(shared.subtract(offeredTimesSecret))];
    });
  return { offer, seeds };
}

/**
 * The receiver's side: chooses by the bits of Δ. `choices` are B = b·G + bit·A; of each transfer's two seeds it has the
 * hash of b·A, the one of its bit, and the sender does not learn which.
 */
export function chooseTransfers(offer: Uint8Array, delta: Delta): { choices: Uint8Array; seeds: Uint8Array[] } {
  const offered = pointOf(offer).precompute(4);
  const choices = new Uint8Array(baseTransfers * pointBytes);
  const seeds = Array.from({ length: baseTransfers }, (_, transfer) => {
    const secret = randomScalar();
    const forZero = generator.multiply(secret);
    const both = [forZero.toBytes(), forZero.add(offered).toBytes()];
    const bit = ((delta[transfer >> 5] as number) >>> (transfer & 31)) & 1;
    const choice = both[bit] as Uint8Array;
    choices.set(choice, transfer * pointBytes);
    return seedFrom({ transfer, offer, choice, point: offered.multiply(secret) });
  });
  return { choices, seeds };
}

function seedFrom(of: { transfer: number; offer: Uint8Array; choice: Uint8Array; point: Point }): Uint8Array {
  const hash = createHash("sha256").update("reluctant/pi base OT").update(Uint8Array.of(of.transfer));
  return hash.update(of.offer).update(of.choice).update(of.point.toBytes()).digest().subarray(0, seedBytes);
}

function pointOf(bytes: Uint8Array): Point {
  const point = decoded(bytes);
  if (point.is0()) throw new InvalidPointError("the peer's group element is the identity");
  return point;
}

function decoded(bytes: Uint8Array): Point {
  try {
    return ristretto255.Point.fromBytes(bytes);
  } catch {
    throw new InvalidPointError("the peer's bytes are no element of ristretto255");
  }
}

/** Uniform in 1 … order − 1, up to 2^-128: 384 bits reduced. */
function randomScalar(): bigint {
  const { ORDER } = ristretto255.Point.Fn;
  return (BigInt(`0x${randomBytes(48).toString("hex")}`) % (ORDER - 1n)) + 1n;
}
