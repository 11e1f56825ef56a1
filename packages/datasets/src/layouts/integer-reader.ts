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
