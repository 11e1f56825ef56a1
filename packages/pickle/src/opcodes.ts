import type { ByteReader } from "./byte-reader.ts";
import { MalformedError } from "./errors.ts";

/** How the bytes behind an opcode are read. */
export const argumentReaders = {
  none: () => undefined,
  uint1: (reader: ByteReader) => reader.uint(1),
  uint2: (reader: ByteReader) => reader.uint(2),
  uint4: (reader: ByteReader) => reader.uint(4),
  int4: (reader: ByteReader) => reader.int32(),
  float8: (reader: ByteReader) => reader.float64(),
  frame8: (reader: ByteReader) => requireInside(reader.uint(8), reader),
  long1: (reader: ByteReader) => longOf(reader.take(reader.uint(1))),
  long4: (reader: ByteReader) => longOf(reader.take(reader.uint(4))),
  bytes1: (reader: ByteReader) => reader.take(reader.uint(1)),
  bytes4: (reader: ByteReader) => reader.take(reader.uint(4)),
  bytes8: (reader: ByteReader) => reader.take(reader.uint(8)),
  latin1: (reader: ByteReader) => latin1Of(reader.take(reader.uint(1))),
  latin4: (reader: ByteReader) => latin1Of(reader.take(reader.uint(4))),
  text1: (reader: ByteReader) => reader.utf8(reader.uint(1)),
  text4: (reader: ByteReader) => reader.utf8(reader.uint(4)),
  text8: (reader: ByteReader) => reader.utf8(reader.uint(8)),
  lines2: (reader: ByteReader): readonly [string, string] => [reader.line(), reader.line()],
} as const;

/**
 * Pickle's opcodes of the protocols 2 to 5 that we follow. Left out: the text forms of protocols 0 and 1, extension
 * registries, and buffers that lie outside the file.
 */
export const opcodes = [
  [0x80, "PROTO", "uint1"],
  [0x95, "FRAME", "frame8"],
  [0x2e, "STOP", "none"],
  [0x28, "MARK", "none"],
  [0x30, "POP", "none"],
  [0x31, "POP_MARK", "none"],
  [0x32, "DUP", "none"],

  [0x4e, "NONE", "none"],
  [0x88, "NEWTRUE", "none"],
  [0x89, "NEWFALSE", "none"],
  [0x4a, "BININT", "int4"],
  [0x4b, "BININT1", "uint1"],
  [0x4d, "BININT2", "uint2"],
  [0x8a, "LONG1", "long1"],
  [0x8b, "LONG4", "long4"],
  [0x47, "BINFLOAT", "float8"],
  [0x54, "BINSTRING", "latin4"],
  [0x55, "SHORT_BINSTRING", "latin1"],
  [0x58, "BINUNICODE", "text4"],
  [0x8c, "SHORT_BINUNICODE", "text1"],
  [0x8d, "BINUNICODE8", "text8"],
  [0x42, "BINBYTES", "bytes4"],
  [0x43, "SHORT_BINBYTES", "bytes1"],
  [0x8e, "BINBYTES8", "bytes8"],
  [0x96, "BYTEARRAY8", "bytes8"],

  [0x5d, "EMPTY_LIST", "none"],
  [0x61, "APPEND", "none"],
  [0x65, "APPENDS", "none"],
  [0x6c, "LIST", "none"],
  [0x29, "EMPTY_TUPLE", "none"],
  [0x74, "TUPLE", "none"],
  [0x85, "TUPLE1", "none"],
  [0x86, "TUPLE2", "none"],
  [0x87, "TUPLE3", "none"],
  [0x7d, "EMPTY_DICT", "none"],
  [0x64, "DICT", "none"],
  [0x73, "SETITEM", "none"],
  [0x75, "SETITEMS", "none"],
  [0x8f, "EMPTY_SET", "none"],
  [0x90, "ADDITEMS", "none"],
  [0x91, "FROZENSET", "none"],

  [0x71, "BINPUT", "uint1"],
  [0x72, "LONG_BINPUT", "uint4"],
  [0x94, "MEMOIZE", "none"],
  [0x68, "BINGET", "uint1"],
  [0x6a, "LONG_BINGET", "uint4"],

  [0x63, "GLOBAL", "lines2"],
  [0x93, "STACK_GLOBAL", "none"],
  [0x52, "REDUCE", "none"],
  [0x81, "NEWOBJ", "none"],
  [0x92, "NEWOBJ_EX", "none"],
  [0x62, "BUILD", "none"],
  [0x51, "BINPERSID", "none"],
] as const;

type Row = (typeof opcodes)[number];
export type OpcodeName = Row[1];
type ArgumentOf<Name extends OpcodeName> = ReturnType<
  (typeof argumentReaders)[Extract<Row, readonly [number, Name, string]>[2]]
>;

/** What each opcode does, given the argument that its row reads. */
export type Effects<Machine> = {
  readonly [Name in OpcodeName]: (machine: Machine, argument: ArgumentOf<Name>) => void;
};

/** The state of a random generator has 128 bits; turning a long one into a number takes the square of its length. */
const mostLongBytes = 64;

/** Two's complement, little-endian. */
function longOf(bytes: Uint8Array): number | bigint {
  if (bytes.length > mostLongBytes)
    throw new MalformedError(`a pickle's integer has ${bytes.length} bytes; more than ${mostLongBytes} are not read`);
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const small = Number(signed);
  return Number.isSafeInteger(small) ? small : signed;
}

const latin1Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

function requireInside(length: number, reader: ByteReader): number {
  if (length > reader.left)
    throw new MalformedError(`a pickle's frame of ${length} bytes is longer than the ${reader.left} that follow it`);
  return length;
}
