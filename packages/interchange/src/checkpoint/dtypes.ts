/** How numbers lie in a file. */
export interface Dtype {
  /** As PyTorch's storages are called. */
  name: string;
  /** As safetensors calls it. */
  safetensors: string;
  /** Of NumPy, little-endian; null where it has none. */
  numpy: string | null;
  /** Number of ONNX's data type. */
  onnx: number;
  /** Of one value. */
  bytes: number;
  isInteger: boolean;
  /** The values that a buffer holds. Exact, but for integers beyond 2^53. */
  values(buffer: ArrayBuffer): Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

const longs = (buffer: ArrayBuffer) => Float64Array.from(new BigInt64Array(buffer), Number);

const row = (
  [name, safetensors, numpy, onnx]: [string, string, string | null, number],
  bytes: number,
  isInteger: boolean,
  values: Dtype["values"],
): Dtype => ({ name, safetensors, numpy, onnx, bytes, isInteger, values });

const dtypes: readonly Dtype[] = [
  row(["Float", "F32", "<f4", 1], 4, false, (buffer) => new Float32Array(buffer)),
  row(["Double", "F64", "<f8", 11], 8, false, (buffer) => new Float64Array(buffer)),
  row(["Half", "F16", "<f2", 10], 2, false, halfValues),
  row(["BFloat16", "BF16", null, 16], 2, false, bfloat16Values),
  row(["Long", "I64", "<i8", 7], 8, true, longs),
  row(["Int", "I32", "<i4", 6], 4, true, (buffer) => new Int32Array(buffer)),
  row(["Short", "I16", "<i2", 5], 2, true, (buffer) => new Int16Array(buffer)),
  row(["Char", "I8", "|i1", 3], 1, true, (buffer) => new Int8Array(buffer)),
  row(["Byte", "U8", "|u1", 2], 1, true, (buffer) => new Uint8Array(buffer)),
  row(["Bool", "BOOL", "|b1", 9], 1, true, (buffer) => new Uint8Array(buffer)),
];

/** By the class of PyTorch that names a storage of them, on a GPU too. */
export const storageTypes: ReadonlyMap<string, Dtype> = new Map(
  dtypes.flatMap((dtype) => [
    [`torch.${dtype.name}Storage`, dtype],
    [`torch.cuda.${dtype.name}Storage`, dtype],
  ]),
);

export const safetensorsDtypes: ReadonlyMap<string, Dtype> = new Map(dtypes.map((each) => [each.safetensors, each]));
export const numpyDtypes: ReadonlyMap<string, Dtype> = new Map(
  dtypes.flatMap((each) => (each.numpy ? [[each.numpy, each]] : [])),
);
export const onnxDtypes: ReadonlyMap<number, Dtype> = new Map(dtypes.map((each) => [each.onnx, each]));

let halfTable: Float32Array | undefined;

/** By a table of all that 16 bits can say: computing each took seconds for a ResNet-18. */
function halfValues(buffer: ArrayBuffer): Float32Array {
  halfTable ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => halfValue(bits));
  const halves = new Uint16Array(buffer);
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = halfTable[halves[i] as number] as number;
  return values;
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32 each. */
function bfloat16Values(buffer: ArrayBuffer): Float32Array {
  const halves = new Uint16Array(buffer);
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
  return new Float32Array(bits.buffer);
}
