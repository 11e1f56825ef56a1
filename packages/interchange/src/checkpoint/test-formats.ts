/** Makes small files of the formats that have no pickle in them, for tests. */
import { deflateRawSync } from "node:zlib";
import onnxProto from "onnx-proto";
import { zipOf } from "./write-zip.ts";

export interface Numbers {
  shape: readonly number[];
  /** As the format calls it. */
  dtype: string;
  bytes: Uint8Array;
}

export const float32 = (shape: readonly number[], values: readonly number[]): Numbers => ({
  shape,
  dtype: "F32",
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

/** @param header changes the header's text */
export function safetensorsOf(
  tensors: Readonly<Record<string, Numbers>>,
  metadata: Record<string, string> = {},
  header = (text: string) => text,
): Buffer {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { shape, dtype, bytes }]) => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const json = Buffer.from(header(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) })));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...Object.values(tensors).map(({ bytes }) => bytes)]);
}

export const indexOf = (weightMap: Readonly<Record<string, string>>): Buffer =>
  Buffer.from(JSON.stringify({ metadata: { total_size: 0 }, weight_map: weightMap }));

/** @param descr NumPy's dtype */
export function npyOf(descr: string, shape: readonly number[], bytes: Uint8Array, { fortran = false } = {}): Buffer {
  const tuple = shape.length === 1 ? `${shape},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${tuple}), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.of(header.length, 0), header, bytes]);
}

export const npzOf = (arrays: Readonly<Record<string, Buffer>>, { deflated = false } = {}): Buffer =>
  zipOf(
    Object.entries(arrays).map(([name, bytes]) => ({
      name: `${name}.npy`,
      bytes: deflated ? deflateRawSync(bytes) : bytes,
      method: deflated ? 8 : 0,
      length: bytes.length,
    })),
  );

const { onnx } = onnxProto;

/** A graph of one convolution and one dense layer with these weights. */
export const onnxOf = (weights: { conv: Numbers; dense: Numbers }): Uint8Array => {
  const initializer = (name: string, { shape, bytes }: Numbers) =>
    onnx.TensorProto.create({ name, dims: [...shape], dataType: 1, rawData: bytes });
  const graph = onnx.GraphProto.create({
    name: "theirs",
    node: [
      onnx.NodeProto.create({ opType: "Conv", name: "/conv/Conv", input: ["x", "conv.weight"], output: ["y"] }),
      onnx.NodeProto.create({
        opType: "Gemm",
        name: "/fc/Gemm",
        input: ["y", "fc.weight"],
        output: ["z"],
        attribute: [{ name: "transB", type: 2, i: 1 }],
      }),
    ],
    initializer: [initializer("fc.weight", weights.dense), initializer("conv.weight", weights.conv)],
  });
  return onnx.ModelProto.encode(onnx.ModelProto.create({ irVersion: 8, graph })).finish();
};
