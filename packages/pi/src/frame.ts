import { type MessageType, messages, messageTypeOf } from "./messages.ts";

/** Before a message's bytes: their number (4), its type (1) and its place in the sender's sequence (4), little-endian. */
export const headerBytes = 9;

/** Bytes that a message may have at most. The largest are a chunk's tables, 12 MiB, and what holds a whole layer. */
export const maximumMessageBytes = 64 * 2 ** 20;

export interface Frame {
  type: MessageType;
  bytes: number;
  sequence: number;
}

export function headerOf({ type, bytes, sequence }: Frame): Uint8Array {
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  view.setUint32(0, bytes, true);
  view.setUint8(4, messages[type]);
  view.setUint32(5, sequence, true);
  return header;
}

/**
 * What is wrong with a header where another was due, in words without any of the message; undefined where nothing is. So a
 * message that is too long, repeated or out of order ends the session before its bytes are read or room is made for them.
 */
export function faultOf(header: Uint8Array, due: Frame): string | undefined {
  const view = new DataView(header.buffer, header.byteOffset, headerBytes);
  const code = view.getUint8(4);
  const type = messageTypeOf(code);
  if (type !== due.type) return `sent ${type ?? `a message of unknown type ${code}`} where ${due.type} was due`;
  const sequence = view.getUint32(5, true);
  if (sequence !== due.sequence) return `sent message ${sequence} where ${due.sequence} was due`;
  const bytes = view.getUint32(0, true);
  if (bytes !== due.bytes) return `sent ${type} of ${bytes} bytes where ${due.bytes} were due`;
  return undefined;
}
