import { MalformedError } from "./errors.ts";
import { asBytes, NumpyType, writtenBytes } from "./numpy-scalars.ts";

/** An array as it was pickled. Its bytes are a view of the file, or are made of its text each time that they are asked for. */
export class NumpyArray {
  shape: readonly number[] = [];
  /** As `u1`, `f4`; "" until its state is there, and for what has none. */
  dtype = "";
  littleEndian = true;
  /** Columns first, as Fortran has them. */
  isFortran = false;
  #written: string | Uint8Array = new Uint8Array();

  get bytes(): Uint8Array {
    return asBytes(this.#written);
  }

  /** `(version, shape, dtype, is Fortran, data)` @throws MalformedError where they do not agree */
  build(state: unknown): void {
    const [, shape, type, isFortran, data] = Array.isArray(state) ? state : [];
    this.fill(shape, type, isFortran === true, writtenBytes(data));
  }

  fill(shape: unknown, type: unknown, isFortran: boolean, written: string | Uint8Array | null): void {
    if (!isShape(shape) || !(type instanceof NumpyType) || written === null)
      throw new MalformedError("a NumPy array of the pickle has no readable shape, dtype and bytes");
    const expected = shape.reduce((product, extent) => product * extent, Number(type.code.slice(1)));
    if (expected !== written.length)
      throw new MalformedError(
        `a NumPy array of the pickle has ${written.length} bytes, which are not [${shape}] of ${type.code}`,
      );
    this.shape = [...shape];
    this.dtype = type.code;
    this.littleEndian = type.littleEndian;
    this.isFortran = isFortran;
    this.#written = written;
  }
}

/** What makes arrays of NumPy in pickles; without this they stay placeholders. */
export const numpyArrays: readonly (readonly [name: string, call: (args: readonly unknown[]) => unknown])[] = [
  ["numpy.dtype", ([code]) => new NumpyType(code)],
  ...["numpy.core.multiarray", "numpy._core.multiarray"].map(
    (module) => [`${module}._reconstruct`, () => new NumpyArray()] as const,
  ),
  ...["numpy.core.numeric", "numpy._core.numeric"].map((module) => [`${module}._frombuffer`, fromBuffer] as const),
];

/** `(buffer, dtype, shape, order)`, of protocol 5 */
function fromBuffer([buffer, type, shape, order]: readonly unknown[]): NumpyArray {
  const array = new NumpyArray();
  array.fill(shape, type, order === "F", writtenBytes(buffer));
  return array;
}

const mostDimensions = 8;
const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length <= mostDimensions &&
  value.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
