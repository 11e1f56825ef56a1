import { Call, Instance, Name, Outside, pickled, Tuple } from "@reluctant/pickle/testing";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "./errors.ts";
import { readTensor, Storage, StoredTensor } from "./tensor.ts";
import { CheckpointMaker, orderedDict } from "./test-checkpoint.ts";
import { readTorchFile } from "./torch-file.ts";
import { zipOf } from "./write-zip.ts";

const forms = ["zip", "legacy"] as const;
const tensorIn = (root: unknown, name: string) => {
  const tensor = (root as Map<string, unknown>).get(name);
  if (!(tensor instanceof StoredTensor)) throw new Error(`${name} is no tensor`);
  return readTensor(name, tensor);
};
const plain = ({ shape, values }: { shape: readonly number[]; values: ArrayLike<number> }) => ({
  shape,
  values: [...Array.from(values)],
});

describe.each(forms)("a PyTorch file in the %s form", (form) => {
  const file = (maker: CheckpointMaker, entries: Iterable<readonly [string, unknown]>) =>
    readTorchFile(maker[form](orderedDict(new Map(entries))));

  it.each([
    ["Float", Float32Array.of(1.5, -0.1), [1.5, Math.fround(-0.1)]],
    ["Double", Float64Array.of(0.1, -2), [Math.fround(0.1), -2]],
    ["Half", Uint16Array.of(0x3c00, 0xc248), [1, -3.140625]],
    ["BFloat16", Uint16Array.of(0x3fc0, 0xc049), [1.5, -3.140625]],
    ["Long", BigInt64Array.of(391n, -1n), [391, -1]],
    ["Int", Int32Array.of(2, -70_000), [2, -70_000]],
    ["Short", Int16Array.of(2, -300), [2, -300]],
    ["Char", Int8Array.of(2, -3), [2, -3]],
    ["Byte", Uint8Array.of(2, 255), [2, 255]],
    ["Bool", Uint8Array.of(1, 0), [1, 0]],
  ])("holds numbers of type %s", (type, values, expected) => {
    const maker = new CheckpointMaker();
    const root = file(maker, [["x", maker.view(maker.storage(type, values), [2])]]);
    expect(plain(tensorIn(root, "x"))).toEqual({ shape: [2], values: expected });
  });

  it("holds views: transposed, cut out, of no values, and several of one storage", () => {
    const maker = new CheckpointMaker();
    const storage = maker.storage("Float", Float32Array.of(0, 1, 2, 3, 4, 5));
    const root = file(maker, [
      ["whole", maker.view(storage, [2, 3])],
      ["transposed", maker.view(storage, [3, 2], { strides: [1, 3] })],
      ["column", maker.view(storage, [2], { strides: [3], offset: 1 })],
      ["channelsLast", maker.view(storage, [1, 3, 1, 2], { strides: [999, 1, 999, 3] })],
      ["scalar", maker.view(storage, [], { offset: 5 })],
      ["empty", maker.view(storage, [0, 3])],
    ]);
    expect(plain(tensorIn(root, "whole")).values).toEqual([0, 1, 2, 3, 4, 5]);
    expect(plain(tensorIn(root, "transposed"))).toEqual({ shape: [3, 2], values: [0, 3, 1, 4, 2, 5] });
    expect(plain(tensorIn(root, "column")).values).toEqual([1, 4]);
    expect(plain(tensorIn(root, "channelsLast")).values).toEqual([0, 3, 1, 4, 2, 5]);
    expect(plain(tensorIn(root, "scalar"))).toEqual({ shape: [], values: [5] });
    expect(plain(tensorIn(root, "empty"))).toEqual({ shape: [0, 3], values: [] });
  });

  it("holds parameters, and beside them what training left, none of which is resolved", () => {
    const maker = new CheckpointMaker();
    const root = file(maker, [
      ["weight", maker.parameter(maker.tensor([1], [7]))],
      ["args", new Instance("argparse.Namespace", new Map([["lr", 0.1]]))],
      ["dtype", new Name("torch.float32")],
    ]);
    expect(plain(tensorIn(root, "weight")).values).toEqual([7]);
    expect([...(root as Map<string, unknown>).keys()]).toEqual(["weight", "args", "dtype"]);
  });

  it("does not keep the file alive, nor give a view of it", () => {
    const maker = new CheckpointMaker();
    const bytes = maker[form](new Map([["x", maker.view(maker.storage("Byte", Uint8Array.of(1, 2)), [2])]]));
    const { values } = tensorIn(readTorchFile(bytes), "x");
    bytes.fill(0);
    expect([...values]).toEqual([1, 2]);
  });

  it.each<[string, (maker: CheckpointMaker) => unknown, RegExp]>([
    [
      "reaches beyond its storage",
      (maker) => maker.view(maker.storage("Float", new Float32Array(4)), [2, 3]),
      /does not fit its storage "\d" of 4 values/,
    ],
    [
      "starts beyond it",
      (maker) => maker.view(maker.storage("Float", new Float32Array(4)), [1], { offset: 4 }),
      /does not fit/,
    ],
    [
      "strides beyond it",
      (maker) => maker.view(maker.storage("Float", new Float32Array(4)), [2], { strides: [2 ** 40] }),
      /does not fit/,
    ],
    [
      "steps backwards",
      (maker) => maker.view(maker.storage("Float", new Float32Array(4)), [2], { strides: [-1], offset: 3 }),
      /no readable offset, shape and strides/,
    ],
    [
      "repeats one value a billion times",
      (maker) => maker.view(maker.storage("Float", new Float32Array(4)), [2 ** 30], { strides: [0] }),
      /must be made contiguous/,
    ],
    [
      "has nine axes",
      (maker) => maker.view(maker.storage("Float", new Float32Array(4)), new Array(9).fill(1)),
      /no readable/,
    ],
    [
      "has a shape that is no number",
      (maker) => maker.view(maker.storage("Float", new Float32Array(4)), [1.5]),
      /no readable/,
    ],
    [
      "has no storage",
      () => new Call("torch._utils._rebuild_tensor_v2", [1, 0, new Tuple(1), new Tuple(1)]),
      /has no storage/,
    ],
  ])("is refused where a tensor %s", (_, make, message) => {
    const maker = new CheckpointMaker();
    const refused = () => file(maker, [["x", make(maker)]]);
    expect(refused).toThrow(CheckpointError);
    expect(refused).toThrow(message);
  });

  it("is refused where an integer is none of float32's, by the tensor's name", () => {
    const maker = new CheckpointMaker();
    const root = file(maker, [["seed", maker.view(maker.storage("Long", BigInt64Array.of(16_777_217n)), [1])]]);
    expect(() => tensorIn(root, "seed")).toThrow(/tensor "seed" holds 16777217/);
  });

  it("is refused where it is cut short", () => {
    const maker = new CheckpointMaker();
    const bytes = maker[form](new Map([["x", maker.tensor([4], [1, 2, 3, 4])]]));
    expect(() => readTorchFile(bytes.subarray(0, -3))).toThrow(/cut short/);
  });
});

describe("a PyTorch file in the zip form", () => {
  const entries = () => {
    const maker = new CheckpointMaker();
    const root = new Map([["x", maker.tensor([2], [1, 2])]]);
    return [
      { name: "m/data.pkl", bytes: pickled(root) },
      { name: "m/data/0", bytes: new Uint8Array(8) },
    ] as const;
  };

  it("may lie under any folder, without a byte order, as before PyTorch 2", () => {
    expect(plain(tensorIn(readTorchFile(zipOf(entries())), "x"))).toEqual({ shape: [2], values: [0, 0] });
  });

  it.each<[string, Buffer, RegExp]>([
    [
      "a compressed entry",
      zipOf([entries()[0], { ...entries()[1], method: 8 }]),
      /"m\/data\/0" of the archive is compressed.*zip -0 -r/,
    ],
    ["an entry twice", zipOf([...entries(), entries()[1]]), /has "m\/data\/0" twice/],
    [
      "entries that share their bytes",
      zipOf([...entries(), { ...entries()[1], name: "m/data/1", offset: 64 * 5 }]),
      /not where its directory says|overlap/,
    ],
    [
      "an entry outside",
      zipOf([entries()[0], { ...entries()[1], offset: 1e9 }]),
      /cut short: "m\/data\/0" ends at byte/,
    ],
    ["no storage", zipOf([entries()[0]]), /storage "0" is missing/],
    [
      "a storage of another size",
      zipOf([entries()[0], { ...entries()[1], bytes: new Uint8Array(9) }]),
      /9 bytes where 8 are due/,
    ],
    ["no pickle", zipOf([{ name: "a.npy", bytes: new Uint8Array(1) }]), /an archive of "a\.npy", without a data\.pkl/],
    [
      "TorchScript",
      zipOf([...entries(), { name: "m/constants.pkl", bytes: new Uint8Array(1) }]),
      /TorchScript.*state_dict/,
    ],
    ["the other byte order", new CheckpointMaker().zip(1, { byteOrder: "big" }), /big-endian/],
  ])("is refused for %s", (_, file, message) => {
    const refused = () => readTorchFile(file);
    expect(refused).toThrow(CheckpointError);
    expect(refused).toThrow(message);
  });

  it("is refused where two entries lie in the same bytes", () => {
    const [pickle, data] = entries();
    const file = zipOf([pickle, data, { ...data, name: "m/data/1" }]);
    const third = file.lastIndexOf("PK\x01\x02");
    file.copy(
      file,
      third + 42,
      file.indexOf("PK\x01\x02") + 46 + pickle.name.length + 42,
      file.indexOf("PK\x01\x02") + 46 + pickle.name.length + 46,
    );
    expect(() => readTorchFile(file)).toThrow(/overlap/);
  });
});

describe("a PyTorch file in the legacy form", () => {
  it.each<[string, () => Buffer, RegExp]>([
    ["another pickle", () => pickled(new Map([["x", 1]])), /not a PyTorch file/],
    ["nothing", () => Buffer.alloc(0), /not a PyTorch file/],
    ["a picture", () => Buffer.from("\x89PNG"), /not a PyTorch file/],
    ["another version", () => Buffer.concat([pickled(0x1950a86a20f9469cfc6cn), pickled(1000)]), /another version/],
    ["the other byte order", () => new CheckpointMaker().legacy(1, { littleEndian: false }), /big-endian/],
    [
      "a storage that is not listed",
      () => new CheckpointMaker().legacy(new CheckpointMaker().tensor([1], [1])),
      /storage "0" is missing/,
    ],
    [
      "a dtype that is not read",
      () => {
        const maker = new CheckpointMaker();
        return maker.legacy(maker.view(maker.storage("QInt8", new Uint8Array(1)), [1]));
      },
      /"torch\.QInt8Storage", which is not read/,
    ],
    [
      "a view of a storage, as old versions wrote",
      () => {
        const id = new Tuple("storage", new Name("torch.FloatStorage"), "0", "cpu", 4, new Tuple("v", 0, 2));
        return new CheckpointMaker().legacy(new Outside(id));
      },
      /before 0\.4/,
    ],
  ])("is refused for %s", (_, make, message) => {
    const refused = () => readTorchFile(make());
    expect(refused).toThrow(CheckpointError);
    expect(refused).toThrow(message);
  });
});

describe("a tensor", () => {
  it("keeps the shape that was held against its storage, however the pickle goes on with its lists", () => {
    const [shape, strides] = [[1], [1]];
    const tensor = new StoredTensor(new Storage("0", "torch.FloatStorage", undefined, 1), 0, shape, strides);
    shape.push(2 ** 40);
    strides.push(1);
    expect([tensor.shape, tensor.strides, tensor.size]).toEqual([[1], [1], 1]);
  });
});
