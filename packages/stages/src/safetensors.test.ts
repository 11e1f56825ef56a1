import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, readSafetensors } from "./safetensors.ts";

const setup = () => {
  const tensors = new Map([
    ["masks", { shape: [3], values: Uint8Array.of(1, 2, 255) }],
    ["conv.weight", { shape: [2, 1, 1, 2], values: Float32Array.of(1.5, -0, 1e-40, Number.MAX_VALUE) }],
    ["empty", { shape: [0, 4], values: new Float32Array() }],
  ]);
  return { tensors, metadata: { format: "pt", step: "12" } };
};

/** A file with any header over `dataBytes` bytes of zeros. */
const file = (header: unknown, dataBytes = 0): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
};
const f32 = (shape: unknown, offsets: unknown) => ({ dtype: "F32", shape, data_offsets: offsets });

describe("safetensors", () => {
  it("gives back every bit of every tensor, from any byte offset", () => {
    const written = setup();
    const encoded = encodeSafetensors(written);
    const shifted = new Uint8Array(encoded.length + 3);
    shifted.set(encoded, 3);
    const read = decodeSafetensors(shifted.subarray(3));
    expect(read.metadata).toEqual(written.metadata);
    for (const [name, { shape, values }] of written.tensors) {
      expect(read.tensors.get(name)?.shape).toEqual(shape);
      expect(Object.is(read.tensors.get(name)?.values[1], values[1])).toBe(true);
      expect(read.tensors.get(name)?.values).toEqual(values);
    }
  });

  it("reads a Buffer, whose slices are views, as it reads an array", () => {
    const encoded = encodeSafetensors(setup());
    const pooled = Buffer.concat([Buffer.alloc(5), encoded]).subarray(5);
    expect(decodeSafetensors(pooled)).toEqual(decodeSafetensors(encoded));
  });

  it("writes the same bytes whatever the order of the tensors, floats aligned to 8 bytes", () => {
    const { tensors, metadata } = setup();
    const encoded = encodeSafetensors({ tensors, metadata });
    expect(encodeSafetensors({ tensors: new Map([...tensors].reverse()), metadata })).toEqual(encoded);
    expect(Number(new DataView(encoded.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it("reads chosen tensors of a file elsewhere, and no byte between its header and the first of them", async () => {
    const encoded = encodeSafetensors(setup());
    const ranges: [number, number][] = [];
    const elsewhere = {
      bytes: encoded.length,
      read: async (start: number, end: number) => {
        ranges.push([start, end]);
        return encoded.slice(start, end);
      },
    };
    const { tensors, metadata } = await readSafetensors(elsewhere, (name) => name === "masks");
    expect([...tensors]).toEqual([["masks", setup().tensors.get("masks")]]);
    expect(metadata).toEqual(setup().metadata);
    expect(ranges.at(-1)).toEqual([encoded.length - 3, encoded.length]);
    expect((await readSafetensors(elsewhere, () => false)).tensors.size).toBe(0);
    await expect(readSafetensors({ ...elsewhere, bytes: 9 }, () => true)).rejects.toThrow(/does not fit/);
    await expect(readSafetensors({ ...elsewhere, bytes: 3 }, () => true)).rejects.toThrow(/shorter than 8/);
  });

  it.each([
    ["a file of 3 bytes", new Uint8Array(3), /shorter than 8/],
    ["a header longer than the file", file("{}").fill(0xff, 0, 4), /does not fit/],
    ["a header that is no object", file([]), /not an object/],
    ["a header that is no JSON", file('{"a"'), /^not a safetensors file, or a damaged one: its header is no JSON$/],
    ["a header that is no text", file("{}").fill(0xff, 8, 9), /its header is no JSON$/],
    ["an unknown dtype", file({ x: { dtype: "F16", shape: [1], data_offsets: [0, 2] } }, 2), /dtype F16/],
    ["a negative extent", file({ x: f32([-1], [0, 4]) }, 4), /shape/],
    ["a range past the end", file({ x: f32([2], [0, 8]) }, 4), /outside/],
    ["a range of another size than the shape", file({ x: f32([2], [0, 4]) }, 4), /do not hold/],
    ["a shape whose size is no number", file({ x: f32([2 ** 50, 2 ** 50], [0, 4]) }, 4), /do not hold/],
    ["overlapping ranges", file({ x: f32([1], [0, 4]), y: f32([1], [0, 4]) }, 4), /overlap/],
    ["bytes that belong to nothing", file({ x: f32([1], [0, 4]) }, 8), /belong to no tensor/],
    ["metadata that is not text", file({ __metadata__: { step: 1 } }), /strings/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });
});
