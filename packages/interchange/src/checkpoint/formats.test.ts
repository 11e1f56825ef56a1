import { describe, expect, it } from "vitest";
import { readStateDict } from "../state-dict-file.ts";
import { shardNames } from "./shards.ts";
import { float32, indexOf, type Numbers, npyOf, npzOf, onnxOf, safetensorsOf } from "./test-formats.ts";

const bytesOf = (array: { buffer: ArrayBufferLike }) => new Uint8Array(array.buffer);
const read = (bytes: Uint8Array, shards?: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries(
    [...readStateDict({ bytes, shards }).tensors].map(([name, { shape, values }]) => [
      name,
      { shape, values: Array.from(values) },
    ]),
  );
const conv = float32([1, 1, 1, 2], [1, 2]);
const dense = float32([2, 1], [3, 4]);

describe("safetensors of others", () => {
  it.each<[string, Uint8Array, number[]]>([
    ["F16", bytesOf(Uint16Array.of(0x3c00, 0xc000)), [1, -2]],
    ["BF16", bytesOf(Uint16Array.of(0x3f80, 0xc000)), [1, -2]],
    ["F64", bytesOf(Float64Array.of(0.5, 3)), [0.5, 3]],
    ["I64", bytesOf(BigInt64Array.of(7n, -1n)), [7, -1]],
    ["BOOL", Uint8Array.of(1, 0), [1, 0]],
  ])("are read of dtype %s", (dtype, bytes, values) => {
    expect(read(safetensorsOf({ a: { shape: [2], dtype, bytes } }))).toEqual({ a: { shape: [2], values } });
  });

  it.each<[string, Buffer, RegExp]>([
    ["an empty header", safetensorsOf({}), /empty header: it holds no tensor/],
    [
      "a name twice",
      safetensorsOf({ a: conv, b: dense }, {}, (text) => text.replace('"b":', '"a":')),
      /has tensor "a" twice/,
    ],
    ["a dtype without numbers", safetensorsOf({ a: { ...conv, dtype: "F8_E4M3" } }), /tensor "a" is "F8_E4M3"/],
    ["a shape of other bytes", safetensorsOf({ a: { ...conv, shape: [3] } }), /storage "a"|do not hold its shape/],
    ["a part of it", safetensorsOf({ a: conv }).subarray(0, 60), /tensor "a": its bytes are not those|cut short/],
  ])("are refused for %s", (_, file, message) => {
    expect(() => read(file)).toThrow(message);
  });
});

describe("an index of several files", () => {
  const index = indexOf({ a: "one.safetensors", b: "two.safetensors" });
  const shards = (two: Record<string, Numbers>) =>
    new Map([
      ["one.safetensors", safetensorsOf({ a: conv })],
      ["two.safetensors", safetensorsOf(two)],
    ]);

  it("names its files, and is read with them", () => {
    expect(shardNames(index)).toEqual(["one.safetensors", "two.safetensors"]);
    expect(Object.keys(read(index, shards({ b: dense })))).toEqual(["a", "b"]);
  });

  it.each<[string, Buffer, Record<string, Numbers>, RegExp]>([
    ["a tensor that its file lacks", index, { c: dense }, /"two.safetensors" has tensor "c", which the index/],
    [
      "a file above the folder",
      indexOf({ a: "../one.safetensors" }),
      {},
      /tensor "a" in "..\/one.safetensors"; name a file/,
    ],
    ["no map", Buffer.from("{}"), {}, /no weight_map/],
  ])("is refused for %s", (_, file, two, message) => {
    expect(() => read(file, shards(two))).toThrow(message);
  });
});

describe("arrays of NumPy", () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  it.each([false, true])("are read, deflated or not (%s), in either order", (deflated) => {
    const rows = npyOf("<f4", [2, 3], bytesOf(values));
    const columns = npyOf("<f4", [2, 3], bytesOf(values), { fortran: true });
    expect(read(npzOf({ rows, columns, flags: npyOf("|b1", [2], Uint8Array.of(1, 0)) }, { deflated }))).toEqual({
      rows: { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
      columns: { shape: [2, 3], values: [1, 3, 5, 2, 4, 6] },
      flags: { shape: [2], values: [1, 0] },
    });
  });

  it("are refused for objects, and for more bytes than they may take unpacked", () => {
    expect(() => read(npzOf({ a: npyOf("|O", [1], new Uint8Array(8)) }))).toThrow(/array "a.npy" is of dtype "\|O"/);
    const bomb = npzOf({ a: npyOf("|u1", [2 ** 20], new Uint8Array(2 ** 20)) }, { deflated: true });
    const central = bomb.lastIndexOf("PK\x01\x02", undefined, "latin1");
    bomb.writeUInt32LE(2 ** 31, central + 24);
    expect(() => read(bomb)).toThrow(/take 2147483648 bytes unpacked/);
    bomb.writeUInt32LE(1000, central + 24);
    expect(() => read(bomb)).toThrow(/array "a.npy" is damaged/);
  });
});

it("an ONNX graph gives its weights in the order in which it computes", () => {
  expect(read(onnxOf({ conv, dense }))).toEqual({
    "conv.weight": { shape: [1, 1, 1, 2], values: [1, 2] },
    "fc.weight": { shape: [2, 1], values: [3, 4] },
  });
  expect(Object.keys(read(onnxOf({ conv, dense })))).toEqual(["conv.weight", "fc.weight"]);
});

it("a file of nothing that we know is refused", () => {
  expect(() => read(Buffer.from("GIF89a, surely"))).toThrow(/not a file of weights/);
});
