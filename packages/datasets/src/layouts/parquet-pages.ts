import { gunzipSync } from "node:zlib";
import { decompress } from "fzstd";
import { type Compressors, snappyUncompress } from "hyparquet";

/**
 * A number of bytes that may be taken, in however many pieces: what a file claims to need is not believed.
 * @returns the length that is asked for. @throws Error once the pieces are more than the limit, before the last one is taken
 */
export function allowance(limit: number, what: string): (length: number) => number {
  let left = limit;
  return (length) => {
    if (!(length >= 0 && length <= left)) throw new Error(`${what} has more than the ${limit} bytes that are read`);
    left -= length;
    return length;
  };
}

const mostPageBytes = 256 * 2 ** 20;

/** Unpack pages that make so many bytes at the most, all together. */
export function compressorsWithin(limit: number): Compressors {
  const taken = allowance(limit, "a group of rows");
  const page = (length: number) => taken(allowance(mostPageBytes, "a page")(length));
  return {
    SNAPPY: (input, length) => {
      const output = new Uint8Array(page(length));
      snappyUncompress(input, output);
      return output;
    },
    GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, page(length)) }),
    ZSTD: (input, length) => decompress(input, new Uint8Array(page(length))),
  };
}
