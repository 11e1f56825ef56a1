import { uint32 } from "@reluctant/relu";
import type { Lot } from "./target.ts";

/** Bytes that say much: ends of ranges, opcodes, first bytes of records. */
const telling = [
  0x00, 0x01, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x4a, 0x50, 0x51, 0x52, 0x58, 0x62, 0x65, 0x68, 0x71, 0x75, 0x7d, 0x81,
  0x8a, 0x8b, 0x93, 0x94, 0x95,
];

/** Words that have led readers out of their folder, to more than there is, or into a prototype. */
const words = [
  ...["../outside", "..", "/etc/passwd", "a/b", "a\\b", "a\0b", "."],
  ...["-1", "0", "1e999", "2147483648", "9007199254740993", "NaN", "null", "[]", "{}"],
  ...["__proto__", "constructor", "__metadata__", "x".repeat(300)],
];

/** What one input is drawn from. */
export function lotOf(seed: number, number: number): Lot {
  let drawn = 0;
  const below = (bound: number) => uint32({ seed, stream: 1, epoch: drawn++, index: number }) % Math.max(1, bound);
  return { below, broken: (bytes) => broken(bytes, below) };
}

/** One to four changes: a byte, a run of one byte, a part left out, repeated or moved, a word, an end. */
function broken(seed: Uint8Array, below: Lot["below"]): Buffer {
  let bytes: Buffer = Buffer.from(seed);
  for (let change = below(4); change >= 0 && bytes.length > 0; change--) bytes = changed(bytes, below);
  return bytes;
}

function changed(bytes: Buffer, below: Lot["below"]): Buffer {
  const at = below(bytes.length);
  const length = 1 + below(16);
  const part = bytes.subarray(at, at + length);
  const value = below(2) ? (telling[below(telling.length)] as number) : below(256);
  switch (below(7)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
    case 2: {
      const copy = Buffer.from(bytes);
      part.copy(copy, below(bytes.length));
      return copy;
    }
    case 3:
      return below(8) ? bytes : bytes.subarray(0, at);
    case 4:
      return Buffer.from(bytes).fill(value, at, Math.min(bytes.length, at + length));
    case 5:
      return withWord(bytes, at, words[below(words.length)] as string);
    default: {
      const copy = Buffer.from(bytes);
      copy[at] = value;
      return copy;
    }
  }
}

/** Another word for the one at a place, or the next behind it; as it is where there is none near. */
function withWord(bytes: Buffer, at: number, word: string): Buffer {
  const near = bytes.toString("latin1", at, at + 64);
  const found = /[\w./-]+/.exec(near);
  if (!found) return bytes;
  const start = at + found.index;
  return Buffer.concat([
    bytes.subarray(0, start),
    Buffer.from(word, "latin1"),
    bytes.subarray(start + found[0].length),
  ]);
}
