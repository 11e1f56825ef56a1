import { describe, expect, it } from "vitest";
import { readStateDict } from "../state-dict-file.ts";
import { CheckpointError } from "./errors.ts";
import { float32, indexOf, npyOf, npzOf, onnxOf, safetensorsOf } from "./test-formats.ts";
import { mutated } from "./test-mutation.ts";

const inputs = 10_000;
const conv = float32([2, 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
const dense = float32([2, 2], [1, 2, 3, 4]);
const arrays = { conv: npyOf("<f4", conv.shape, conv.bytes), fc: npyOf("<f4", dense.shape, dense.bytes) };
const shard = safetensorsOf({ conv, fc: dense });

const seeds: Record<string, Buffer> = {
  safetensors: shard,
  index: indexOf({ conv: "a.safetensors", fc: "a.safetensors" }),
  npz: npzOf(arrays),
  "compressed npz": npzOf(arrays, { deflated: true }),
  ONNX: Buffer.from(onnxOf({ conv, dense })),
};

/** The bytes of all tensors, or a refusal. Anything else that is thrown is a fault of ours. */
function outcome(bytes: Uint8Array): number | CheckpointError {
  try {
    const { tensors } = readStateDict({ bytes, shards: new Map([["a.safetensors", shard]]) });
    return [...tensors.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  } catch (error) {
    if (error instanceof CheckpointError) return error;
    throw new Error(`${Buffer.from(bytes).toString("base64")} threw no CheckpointError`, { cause: error });
  }
}

describe.each(Object.entries(seeds))("the reader of %s", (_, seed) => {
  it(`refuses or reads ${inputs} broken files, and gives no more than they hold`, () => {
    expect(outcome(seed)).toBe(48);
    let [read, refused] = [0, 0];
    for (let index = 0; index < inputs; index++) {
      const result = outcome(mutated(seed, index));
      if (typeof result === "number") {
        read++;
        expect(result).toBeLessThanOrEqual(16 * (seed.length + shard.length));
      } else {
        refused++;
        expect(result.message.length).toBeLessThan(1000);
      }
    }
    expect(read).toBeGreaterThan(inputs / 100);
    expect(refused).toBeGreaterThan(inputs / 4);
  });
});
