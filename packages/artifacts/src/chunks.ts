/** Size of every chunk but the last of an artifact. Part of the stored form: ranges are found by it. */
export const chunkBytes = 4 * 1024 * 1024;

/** `source` cut anew into pieces of exactly `size` bytes, the last one shorter; nothing for an empty source. */
export async function* inChunks(
  source: AsyncIterable<Uint8Array>,
  size = chunkBytes,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let chunk = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const piece of source) {
    for (let taken = 0; taken < piece.length; ) {
      const part = piece.subarray(taken, taken + size - filled);
      chunk.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled < size) continue;
      yield chunk;
      chunk = Buffer.allocUnsafe(size);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
