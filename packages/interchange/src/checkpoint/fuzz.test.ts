import { Call, Instance, type Protocol, Tuple } from "@reluctant/pickle/testing";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "./errors.ts";
import { findStateDict, readTensors } from "./find-state-dict.ts";
import { CheckpointMaker, moduleState, orderedDict } from "./test-checkpoint.ts";
import { mutated } from "./test-mutation.ts";
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
