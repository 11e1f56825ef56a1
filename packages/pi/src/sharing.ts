import { randomVector } from "./random.ts";
import { add, negate, type RingVector, shiftRight, subtract } from "./ring.ts";

/** An additive secret sharing over Z_2^64: the value is client + server; each share alone is uniform. */
export interface Shared {
  client: RingVector;
  server: RingVector;
}

export function share(value: RingVector): Shared {
  const client = randomVector(value.length);
  return { client, server: subtract(value, client) };
}

export const reconstruct = ({ client, server }: Shared): RingVector => add(client, server);

/**
 * Local truncation by `bits`, the client's half (Mohassel & Zhang, "SecureML", S&P 2017, theorem 1; here on signed
 * representatives, which moves the boundary where it fails from 0 to 2^63). With the server's half the shares sum to
 * ⌊x / 2^bits⌋ or that plus one. They miss it by 2^(64−bits) where the client's share lies within |x| of the boundary: a
 * chance of |x| / 2^64, below 2^-28 for |x| < 2^36.
 */
export const truncateClientShare = (share: RingVector, bits: number): RingVector => shiftRight(share, bits);

/** The server's half: −⌊−share / 2^bits⌋. */
export const truncateServerShare = (share: RingVector, bits: number): RingVector =>
  negate(shiftRight(negate(share), bits));
