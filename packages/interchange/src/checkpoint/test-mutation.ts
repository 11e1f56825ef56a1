import { uint32 } from "@reluctant/relu";

/** Bytes that say much: ends of ranges, opcodes, first bytes of records. */
const telling = [
  0x00, 0x01, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x4a, 0x50, 0x51, 0x52, 0x58, 0x62, 0x65, 0x68, 0x71, 0x75, 0x7d, 0x81,
  0x8a, 0x8b, 0x93, 0x94, 0x95,
];

/** One to four changes: a byte, a run of one byte, a part left out, repeated or moved, an end. A pure function of `index`. */
export function mutated(seed: Buffer, index: number): Buffer {
  let drawn = 0;
  const below = (bound: number) => uint32({ seed: 16, stream: 1, epoch: drawn++, index }) % bound;
  let bytes = Buffer.from(seed);
  for (let change = below(4); change >= 0; change--) {
    const at = below(bytes.length);
    const length = 1 + below(16);
    const part = bytes.subarray(at, at + length);
    const value = below(2) ? (telling[below(telling.length)] as number) : below(256);
    switch (below(6)) {
      case 0:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
        break;
      case 2:
        bytes = Buffer.from(bytes);
        part.copy(bytes, below(bytes.length));
        break;
      case 3:
        bytes = below(8) ? bytes : bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.from(bytes);
        bytes.fill(value, at, Math.min(bytes.length, at + length));
        break;
      default:
        bytes = Buffer.from(bytes);
        bytes[at] = value;
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}
