import { Call, Name, Outside, type Protocol, pickled, Tuple } from "@reluctant/pickle/testing";
import { zipOf } from "./write-zip.ts";

interface StoredNumbers {
  key: string;
  bytes: Uint8Array;
  /** In values. */
  length: number;
  type: string;
}

/** Makes PyTorch files for tests: tensors first, then a file of the value that holds them. */
export class CheckpointMaker {
  readonly #storages: StoredNumbers[] = [];

  /** @param type as PyTorch's storages are called, without "Storage" */
  storage(type: string, values: ArrayBufferView & { length: number }): StoredNumbers {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const storage = { key: String(this.#storages.length), bytes, length: values.length, type };
    this.#storages.push(storage);
    return storage;
  }

  /** A tensor over a storage, contiguous from its start if nothing else is said. */
  view(
    storage: StoredNumbers,
    shape: readonly number[],
    at: { offset?: number; strides?: readonly number[] } = {},
  ): Call {
    const { key, length, type } = storage;
    const strides =
      at.strides ?? shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
    const reference = new Outside(new Tuple("storage", new Name(`torch.${type}Storage`), key, "cpu", length));
    const hooks = new Call("collections.OrderedDict", []);
    return new Call("torch._utils._rebuild_tensor_v2", [
      reference,
      at.offset ?? 0,
      new Tuple(...shape),
      new Tuple(...strides),
      false,
      hooks,
    ]);
  }

  /** A float32 tensor of its own storage. */
  tensor(shape: readonly number[], values: readonly number[]): Call {
    return this.view(this.storage("Float", Float32Array.from(values)), shape);
  }

  parameter(tensor: unknown): Call {
    return new Call("torch._utils._rebuild_parameter", [tensor, true, new Call("collections.OrderedDict", [])]);
  }

  zip(root: unknown, { protocol = 2 as Protocol, byteOrder = "little" } = {}): Buffer {
    const entries = new Map<string, Uint8Array>([
      ["archive/data.pkl", pickled(root, protocol)],
      ["archive/byteorder", Buffer.from(byteOrder)],
      ...this.#storages.map(({ key, bytes }) => [`archive/data/${key}`, bytes] as const),
      ["archive/version", Buffer.from("3\n")],
    ]);
    return zipOf([...entries].map(([name, bytes]) => ({ name, bytes })));
  }

  legacy(root: unknown, { littleEndian = true } = {}): Buffer {
    return Buffer.concat([
      pickled(0x1950a86a20f9469cfc6cn),
      pickled(1001),
      pickled(
        new Map<string, unknown>([
          ["protocol_version", 1001],
          ["little_endian", littleEndian],
        ]),
      ),
      pickled(root),
      pickled(this.#storages.map(({ key }) => key)),
      ...this.#storages.flatMap(({ bytes, length }) => [uint8(length), bytes]),
    ]);
  }
}

/** `torch`'s state dicts are ordered dicts with an attribute of versions. */
export const orderedDict = (entries: ReadonlyMap<string, unknown>): Call =>
  new Call("collections.OrderedDict", [], {
    entries,
    state: new Map([["_metadata", new Call("collections.OrderedDict", [])]]),
  });

/** A pickled module of a class that nobody here knows. */
export const moduleState = (parts: {
  parameters?: Iterable<readonly [string, unknown]>;
  buffers?: Iterable<readonly [string, unknown]>;
  modules?: Iterable<readonly [string, unknown]>;
  left?: readonly string[];
}): Map<string, unknown> =>
  new Map<string, unknown>([
    ["training", false],
    ["_parameters", orderedDict(new Map(parts.parameters))],
    ["_buffers", orderedDict(new Map(parts.buffers))],
    ["_non_persistent_buffers_set", new Call("builtins.set", [[...(parts.left ?? [])]])],
    ["_modules", orderedDict(new Map(parts.modules))],
  ]);

const uint8 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
