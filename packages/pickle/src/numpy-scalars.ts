import { MalformedError } from "./errors.ts";
import { Placeholder } from "./placeholder.ts";

/**
 * Scalars of NumPy as plain numbers: training scripts keep their best accuracy as one. Anything else of NumPy, arrays
 * included, stays a placeholder.
 */
export const numpyScalars: readonly (readonly [name: string, call: (args: readonly unknown[]) => unknown])[] = [
  ["numpy.dtype", ([code]) => new NumpyType(code)],
  ["numpy.core.multiarray.scalar", scalar],
  ["numpy._core.multiarray.scalar", scalar],
];

/** `numpy.dtype("f8")`; its byte order comes afterwards, as second part of its state. */
export class NumpyType {
  readonly code: string;
  littleEndian = true;

  constructor(code: unknown) {
    this.code = typeof code === "string" ? code : "";
  }

  build(state: unknown): void {
    if (Array.isArray(state)) this.littleEndian = state[1] !== ">";
  }
}

const readers: Readonly<Record<string, (view: DataView, littleEndian: boolean) => number | boolean>> = {
  b1: (view) => view.getUint8(0) !== 0,
  i1: (view) => view.getInt8(0),
  u1: (view) => view.getUint8(0),
  i2: (view, little) => view.getInt16(0, little),
  u2: (view, little) => view.getUint16(0, little),
  i4: (view, little) => view.getInt32(0, little),
  u4: (view, little) => view.getUint32(0, little),
  i8: (view, little) => Number(view.getBigInt64(0, little)),
  u8: (view, little) => Number(view.getBigUint64(0, little)),
  f4: (view, little) => view.getFloat32(0, little),
  f8: (view, little) => view.getFloat64(0, little),
};

/** Bytes are text in pickles of Python 2, and text to be encoded as latin1 in those of protocol 2; null for what are none. */
export function writtenBytes(data: unknown): string | Uint8Array | null {
  const written = data instanceof Placeholder && data.name === "_codecs.encode" ? data.args[0] : data;
  return typeof written === "string" || written instanceof Uint8Array ? written : null;
}

/** A copy where they were written as text. */
export const asBytes = (written: string | Uint8Array): Uint8Array =>
  typeof written === "string" ? Buffer.from(written, "latin1") : written;

function scalar([type, data]: readonly unknown[]): number | boolean | null {
  if (!(type instanceof NumpyType)) throw new MalformedError("a NumPy scalar of the pickle has no dtype");
  const read = Object.hasOwn(readers, type.code) ? readers[type.code] : undefined;
  const written = writtenBytes(data);
  if (!read || written === null) return null; // of text, dates, complex numbers: nothing that we ask for
  if (written.length !== Number(type.code.slice(1)))
    throw new MalformedError(`a NumPy scalar of the pickle has ${written.length} bytes for dtype ${type.code}`);
  const bytes = asBytes(written);
  return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), type.littleEndian);
}
