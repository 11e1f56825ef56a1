import type { Part, Pixels, SampleBytes } from "../source.ts";
import { first, type LeftOut, type Plan, TallyCount } from "./layout.ts";

/** Images that lie one after another in a file, each of as many bytes, with their labels elsewhere or beside each. */
export interface LabeledRows {
  readonly part: Part;
  /** Rows in their order; `offset` is the record's in its file. */
  rows(): AsyncIterable<{ readonly label: number; readonly bytes: Uint8Array; readonly offset?: number }>;
  /** Labels alone, where they can be read without the images. */
  labels?(): Promise<Iterable<number>>;
  /** For messages. */
  readonly file: string;
}

/**
 * The plan of rows. A sample is called by its class and its number in its part, so that the same images are the same data
 * set in whatever file they came.
 */
export function labeledRowsPlan(input: {
  classes: readonly string[];
  files: readonly LabeledRows[];
  decode: (bytes: Uint8Array) => Pixels;
  leftOut?: readonly LeftOut[];
}): Plan {
  const { classes, files, decode, leftOut = [] } = input;
  async function* samples(): AsyncGenerator<SampleBytes> {
    const numbers = { train: 0, validation: 0, test: 0 };
    for (const { part, rows, file } of files) {
      for await (const { label, bytes, offset } of rows()) {
        const number = `${numbers[part]++}`.padStart(5, "0");
        yield { name: `${part}/${classes[label]}/${number}`, bytes, file, ...(offset !== undefined && { offset }) };
      }
    }
  }
  return {
    leftOut,
    samples,
    some: (count) => first(samples(), count),
    decode: async ({ bytes }) => decode(bytes),
    async count() {
      const tally = new TallyCount();
      for (const { part, rows, labels } of files) {
        if (labels) for (const label of await labels()) tally.add(part, classes[label] ?? `${label}`);
        else for await (const { label } of rows()) tally.add(part, classes[label] ?? `${label}`);
      }
      return { classes: tally.classes, share: 1 };
    },
  };
}

/** Three planes as HWC. */
export function interleaved(planes: Uint8Array, height: number, width: number): Pixels {
  const pixels = height * width;
  const data = new Uint8Array(planes.length);
  for (let i = 0; i < data.length; i++) data[i] = planes[(i % 3) * pixels + Math.floor(i / 3)] as number;
  return { data, shape: [height, width, 3] };
}

/** Gray becomes RGB, and alpha is dropped, as of images in files. */
export function rgb(bytes: Uint8Array, height: number, width: number, channels: number): Pixels {
  if (channels === 3) return { data: bytes, shape: [height, width, 3] };
  const data = new Uint8Array(height * width * 3);
  for (let pixel = 0; pixel < height * width; pixel++)
    for (let channel = 0; channel < 3; channel++)
      data[3 * pixel + channel] = bytes[pixel * channels + (channels >= 3 ? channel : 0)] as number;
  return { data, shape: [height, width, 3] };
}

/** Cuts a stream into rows of so many bytes; a rest that is no whole row is the last. */
export async function* rowsOf(
  pieces: AsyncIterable<Uint8Array>,
  rowBytes: number,
): AsyncGenerator<{ bytes: Uint8Array; offset: number }> {
  let row = new Uint8Array(rowBytes);
  let filled = 0;
  let offset = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(rowBytes - filled, piece.length - at);
      row.set(piece.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < rowBytes) continue;
      yield { bytes: row, offset };
      offset += rowBytes;
      row = new Uint8Array(rowBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield { bytes: row.subarray(0, filled), offset };
}
