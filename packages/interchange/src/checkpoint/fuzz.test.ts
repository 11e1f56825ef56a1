import { uint32 } from "@reluctant/relu";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "./errors.ts";
import { findStateDict, readTensors } from "./find-state-dict.ts";
import { CheckpointMaker, moduleState, orderedDict } from "./test-checkpoint.ts";
import { Call, Instance, type Protocol, Tuple } from "./test-pickle.ts";
import { readTorchFile } from "./torch-file.ts";

const inputs = 10_000;

/** A small file with a part of everything that has a meaning. */
function seedFile(form: "zip" | "legacy", protocol: Protocol): Buffer {
  const maker = new CheckpointMaker();
  const shared = maker.storage("Half", Uint16Array.of(1, 2, 3, 4, 5, 6));
  const dtype = new Call("numpy.dtype", ["f8", false, true], { state: new Tuple(3, "<", null, null, null, -1, -1, 0) });
  const conv = moduleState({
    parameters: [["weight", maker.parameter(maker.view(shared, [3, 2], { strides: [1, 3] }))]],
    buffers: [["steps", maker.view(maker.storage("Long", BigInt64Array.of(7n)), [])]],
  });
  const root = new Map<string, unknown>([
    ["epoch", 300],
    ["best", new Call("numpy.core.multiarray.scalar", [dtype, Buffer.alloc(8)])],
    ["args", new Instance("argparse.Namespace", new Map([["lr", 0.1]]))],
    [
      "state_dict",
      orderedDict(
        new Map([
          ["a.weight", maker.tensor([2, 2], [1, 2, 3, 4])],
          ["b.weight", maker.view(shared, [2, 3])],
        ]),
      ),
    ],
    ["net", new Instance("models.Net", moduleState({ modules: [["conv", new Instance("models.Conv", conv)]] }))],
  ]);
  return form === "zip" ? maker.zip(root, { protocol }) : maker.legacy(root);
}

/** Bytes that say much: ends of ranges, opcodes, first bytes of records. */
const telling = [
  0x00, 0x01, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x4a, 0x50, 0x51, 0x52, 0x58, 0x62, 0x65, 0x68, 0x71, 0x75, 0x7d, 0x81,
  0x8a, 0x8b, 0x93, 0x94, 0x95,
];

/** One to four changes: a byte, a run of one byte, a part left out, repeated or moved, an end. A pure function of `index`. */
function mutated(seed: Buffer, index: number): Buffer {
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

/** What reading comes to: the bytes of all tensors, or a refusal. Anything else that is thrown is a fault of ours. */
function outcome(file: Uint8Array): number | CheckpointError {
  try {
    const root = readTorchFile(file);
    const { tensors } = findStateDict(root, root instanceof Map && root.has("net") ? { at: "net" } : {});
    return [...readTensors(tensors).values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  } catch (error) {
    if (error instanceof CheckpointError) return error;
    throw new Error(`${Buffer.from(file).toString("base64")} threw no CheckpointError`, { cause: error });
  }
}

describe.each([
  ["zip", 2],
  ["zip", 4],
  ["legacy", 2],
] as const)("the reader of the %s form, protocol %i", (form, protocol) => {
  it(`refuses or reads ${inputs} broken files, and takes no more memory than they give cause for`, () => {
    const seed = seedFile(form, protocol);
    expect(outcome(seed)).toBe(28); // six float32 of the weight, and one of the counter
    const before = process.memoryUsage();
    let [read, refused, most] = [0, 0, 0];
    for (let index = 0; index < inputs; index++) {
      const file = mutated(seed, index);
      const result = outcome(file);
      if (typeof result === "number") {
        read++;
        // Four tensors a storage, float32 for one byte.
        expect(result).toBeLessThanOrEqual(16 * file.length);
      } else {
        refused++;
        expect(result.message.length).toBeLessThan(1000);
      }
      if (index % 100 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before.arrayBuffers);
    }
    expect(read).toBeGreaterThan(inputs / 100);
    expect(refused).toBeGreaterThan(inputs / 4);
    expect(most).toBeLessThan(100 * 2 ** 20);
  });
});
