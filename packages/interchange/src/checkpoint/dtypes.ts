/** How numbers lie in a storage. */
export interface Dtype {
  name: string;
  /** Of one value. */
  bytes: number;
  isInteger: boolean;
  /** The values that a buffer holds. Exact, but for integers beyond 2^53. */
  values(buffer: ArrayBuffer): Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

const dtypes: readonly Dtype[] = [
  { name: "Float", bytes: 4, isInteger: false, values: (buffer) => new Float32Array(buffer) },
  { name: "Double", bytes: 8, isInteger: false, values: (buffer) => new Float64Array(buffer) },
  { name: "Half", bytes: 2, isInteger: false, values: halfValues },
  { name: "BFloat16", bytes: 2, isInteger: false, values: bfloat16Values },
  { name: "Long", bytes: 8, isInteger: true, values: (buffer) => Float64Array.from(new BigInt64Array(buffer), Number) },
  { name: "Int", bytes: 4, isInteger: true, values: (buffer) => new Int32Array(buffer) },
  { name: "Short", bytes: 2, isInteger: true, values: (buffer) => new Int16Array(buffer) },
  { name: "Char", bytes: 1, isInteger: true, values: (buffer) => new Int8Array(buffer) },
  { name: "Byte", bytes: 1, isInteger: true, values: (buffer) => new Uint8Array(buffer) },
  { name: "Bool", bytes: 1, isInteger: true, values: (buffer) => new Uint8Array(buffer) },
];

/** By the class of PyTorch that names a storage of them, on a GPU too. */
export const storageTypes: ReadonlyMap<string, Dtype> = new Map(
  dtypes.flatMap((dtype) => [
    [`torch.${dtype.name}Storage`, dtype],
    [`torch.cuda.${dtype.name}Storage`, dtype],
  ]),
);

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
