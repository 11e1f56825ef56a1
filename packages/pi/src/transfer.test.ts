import { describe, expect, it } from "vitest";
import { baseTransfers, chooseTransfers, offerTransfers, pointBytes } from "./base-ot.ts";
import { transferBytes } from "./correlated-ot.ts";
import { type Delta, labelWords, randomDelta } from "./labels.ts";
import { randomWords } from "./random.ts";
import { kernelsHere } from "./test-levels.ts";

const bitOf = (words: Int32Array, bit: number) => ((words[bit >> 5] as number) >>> (bit & 31)) & 1;

function extension(delta: Delta) {
  const { offer, seeds } = offerTransfers();
  const chosen = chooseTransfers(offer, delta);
  const pairs = seeds(chosen.choices);
  return { pairs, chosen, receiver: oracle.receiver(pairs), sender: oracle.sender(delta, chosen.seeds) };
}

const all = await kernelsHere();
const [oracle] = all;
const delta = randomDelta();
const { pairs, chosen, receiver, sender } = extension(delta);

describe("base transfers", () => {
  it("give the receiver the seed of its bit and not the other", () => {
    expect(chosen.seeds.length).toBe(baseTransfers);
    for (const [transfer, seed] of chosen.seeds.entries()) {
      const bit = bitOf(delta, transfer);
      expect(Buffer.compare(seed, pairs[transfer]?.[bit] as Uint8Array)).toBe(0);
      expect(Buffer.compare(seed, pairs[transfer]?.[1 - bit] as Uint8Array)).not.toBe(0);
    }
  });

  it("refuse what is no group element, and the identity, without showing it", () => {
    expect(() => chooseTransfers(new Uint8Array(pointBytes).fill(255), randomDelta())).toThrow(
      "the peer's bytes are no element of ristretto255",
    );
    expect(() => chooseTransfers(new Uint8Array(pointBytes), randomDelta())).toThrow("identity");
    expect(() => offerTransfers().seeds(new Uint8Array(baseTransfers * pointBytes))).toThrow("identity");
  });
});

describe("correlated transfers", () => {
  it("give rows that differ by Δ where the choice is 1, batch after batch, for 16 bytes each", () => {
    for (const words of [1, 5, 40]) {
      const choices = randomWords(words);
      const { corrections, labels } = receiver.extend(choices);
      const rows = sender.extend(corrections, 32 * words);
      expect(corrections.byteLength).toBe(transferBytes * 32 * words);
      for (let transfer = 0; transfer < 32 * words; transfer++) {
        const chosen = -bitOf(choices, transfer);
        for (let word = 0; word < labelWords; word++) {
          const at = labelWords * transfer + word;
          if (labels[at] !== ((rows[at] as number) ^ (chosen & (delta[word] as number))))
            throw new Error(`row ${transfer}`);
        }
      }
      expect(rows.length).toBe(labelWords * 32 * words);
    }
  });

  it.each(all)("are the same at level $level, wherever batches begin and end", ({ sender, receiver }) => {
    const [ours, theirs] = [receiver(pairs), sender(delta, chosen.seeds)];
    const [receiverHere, senderHere] = [oracle.receiver(pairs), oracle.sender(delta, chosen.seeds)];
    for (const words of [1, 5, 40, 64, 65, 3, 70]) {
      const choices = randomWords(words);
      const { corrections, labels } = ours.extend(choices);
      const expected = receiverHere.extend(choices);
      const rows = theirs.extend(corrections, 32 * words);
      const exact = [expected.corrections, expected.labels, senderHere.extend(corrections, 32 * words)];
      expect([corrections, labels, rows].map(bytesOf)).toEqual(exact.map(bytesOf));
    }
  });

  it("never give a row twice, with equal choices neither", () => {
    const rows = [1, 2].flatMap(() => {
      const batch = sender.extend(receiver.extend(new Int32Array(8)).corrections, 256);
      return Array.from({ length: 256 }, (_, row) => batch.subarray(4 * row, 4 * row + 4).join());
    });
    expect(new Set(rows).size).toBe(512);
  });

  it("hide the choices: corrections of equal ones look alike in no column", () => {
    const { corrections } = receiver.extend(new Int32Array(64));
    const columns = Array.from({ length: 128 }, (_, j) => corrections.subarray(64 * j, 64 * (j + 1)).join());
    expect(new Set(columns).size).toBe(128);
    const ones = corrections.reduce((sum, word) => sum + ones32(word), 0) / (32 * corrections.length);
    expect(Math.abs(ones - 0.5)).toBeLessThan(0.01); // 262,144 bits: 10 standard deviations
  });
});

/** Buffers compare at once, arrays element by element. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array) =>
  Buffer.from(buffer, byteOffset, byteLength).toString("latin1");

const ones32 = (word: number) => (word >>> 0).toString(2).replaceAll("0", "").length;
