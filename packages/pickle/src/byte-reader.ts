import { MalformedError, quoted } from "./errors.ts";

/** Reads a file from its start. What it gives are views of it: nothing is allocated for a length that the file only claims. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** @throws MalformedError when the file is shorter */
  take(length: number): Uint8Array {
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** A little-endian unsigned integer; one of 8 bytes that no number holds is a length beyond any file. */
  uint(width: 1 | 2 | 4 | 8): number {
    const at = this.#advance(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    const value = Number(this.#view.getBigUint64(at, true));
    if (!Number.isSafeInteger(value)) throw new MalformedError(`byte ${at}: ${value} is no length or place in a file`);
    return value;
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** Big-endian, as pickle writes floats. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  /** ASCII up to a line feed, which is read too. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + longestLine).indexOf(0x0a);
    if (end < 0) throw new MalformedError(`byte ${this.#at}: a line of a pickle does not end`);
    const line = String.fromCharCode(...this.take(end));
    this.#advance(1);
    return line;
  }

  utf8(length: number): string {
    const at = this.#at;
    const bytes = this.take(length);
    try {
      return strictUtf8.decode(bytes);
    } catch {
      throw new MalformedError(
        `byte ${at}: ${quoted(Buffer.from(bytes.subarray(0, 40)).toString("latin1"))} is not UTF-8`,
      );
    }
  }

  #advance(length: number): number {
    if (length > this.left)
      throw new MalformedError(
        `the file is cut short or damaged: at byte ${this.#at} it names ${length} bytes and has ${this.left}; copy it again`,
      );
    const from = this.#at;
    this.#at += length;
    return from;
  }
}

const longestLine = 4096;
/** Keeps a byte order mark: it belongs to the text. */
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
