import { MalformedError } from "./errors.ts";

/** What an array of NumPy says of itself before its values. */
export interface NpyHeader {
  /** As `|u1`, `<i8`. */
  readonly dtype: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the values begin. */
  readonly offset: number;
}

const magic = Buffer.from("\x93NUMPY", "latin1");
/** Of an array of plain numbers; one of records may take more, and is none of ours. */
export const mostHeaderBytes = 4096;

/**
 * Reads the header of an `.npy` file (versions 1 to 3): a literal of Python with three fixed keys.
 * @param start the first bytes of the file, at least `mostHeaderBytes` where it has them
 * @throws MalformedError saying what is wrong
 */
export function npyHeader(start: Uint8Array): NpyHeader {
  if (start.length < 12 || !magic.equals(start.subarray(0, 6)))
    throw new MalformedError("does not begin as an array of NumPy");
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const version = view.getUint8(6);
  const [length, begin] = version === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  if (version < 1 || version > 3 || begin + length > Math.min(start.length, mostHeaderBytes))
    throw new MalformedError("has no header of NumPy's that is read");
  const text = Buffer.from(start.subarray(begin, begin + length)).toString("latin1");
  const dtype = /'descr': *'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(text)?.[1];
  const extents = /'shape': *\(([\dL, ]*)\)/.exec(text)?.[1];
  if (!dtype || !order || extents === undefined) throw new MalformedError("is an array of records, not of numbers");
  const shape = extents
    .split(",")
    .filter((extent) => extent.trim() !== "")
    .map((extent) => Number(extent.replace("L", ""))); // as Python 2 wrote it
  if (shape.length > 8 || !shape.every(Number.isSafeInteger)) throw new MalformedError("has no readable shape");
  return { dtype, isFortran: order === "True", shape, offset: begin + length };
}
