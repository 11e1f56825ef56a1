import { randomVector } from "./random.ts";
import { add, type RingVector, shiftRight, subtract } from "./ring.ts";

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

/** The server's half: −⌊−share / 2^bits⌋, of up to 31 bits. In one pass: memory for what lies between takes longer than to compute it. */
export function truncateServerShare(share: RingVector, bits: number): RingVector {
  const words = new Int32Array(share.buffer, share.byteOffset, 2 * share.length);
  const out = new Int32Array(words.length);
  for (let i = 0; i < out.length; i += 2) {
    const low = -(words[i] as number) | 0;
    const high = (~(words[i + 1] as number) + Number(low === 0)) | 0;
    const shifted = (low >>> bits) | ((high << 1) << (31 - bits)); // in two steps, for 32 places would be none
    out[i] = -shifted;
    out[i + 1] = ~(high >> bits) + Number(shifted === 0);
  }
  return new BigInt64Array(out.buffer);
}
