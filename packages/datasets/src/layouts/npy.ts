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
 * @throws Error saying what is wrong
 */
export function npyHeader(start: Uint8Array): NpyHeader {
  if (start.length < 12 || !magic.equals(start.subarray(0, 6))) throw new Error("does not begin as an array of NumPy");
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const version = view.getUint8(6);
  const [length, begin] = version === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  if (version < 1 || version > 3 || begin + length > Math.min(start.length, mostHeaderBytes))
    throw new Error("has no header of NumPy's that is read");
  const text = Buffer.from(start.subarray(begin, begin + length)).toString("latin1");
  const dtype = /'descr': *'([<>|=]?[a-zA-Z]\d+)'/.exec(text)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(text)?.[1];
  const extents = /'shape': *\(([\d, ]*)\)/.exec(text)?.[1];
  if (!dtype || !order || extents === undefined) throw new Error("is an array of objects or records, not of numbers");
  const shape = extents
    .split(",")
    .filter((extent) => extent.trim() !== "")
    .map(Number);
  if (shape.length > 8 || !shape.every(Number.isSafeInteger)) throw new Error("has no readable shape");
  return { dtype, isFortran: order === "True", shape, offset: begin + length };
}

/** Reads values of a dtype that labels are stored in; null for one of another kind. */
export function integerReader(dtype: string): { bytes: number; read(view: DataView, at: number): number } | null {
  const [, order, kind] = /^([<>|=]?)([iufb]\d)$/.exec(dtype) ?? [];
  const little = order !== ">";
  const found = kind !== undefined && Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  return found ? { bytes: Number(kind?.slice(1)), read: (view, at) => found(view, at, little) } : null;
}

const readers: Readonly<Record<string, (view: DataView, at: number, little: boolean) => number>> = {
  b1: (view, at) => view.getUint8(at),
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};
