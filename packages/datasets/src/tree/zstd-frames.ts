/** What zstd itself unpacks without being told to. */
const mostWindow = 128 * 2 ** 20;
const magic = 0xfd2fb528;
/** Frames of notes, which are passed over: sixteen magic numbers. */
const isSkippable = (number: number): boolean => number >>> 4 === 0x184d2a5;

/**
 * Looks at the frames of a Zstandard stream (RFC 8878, 3.1) as its bytes come by: the decoder takes for each the memory that it
 * asks for, so that is held to a bound first.
 */
export class ZstdFrames {
  private held: number[] = [];
  /** Bytes that say nothing of what comes next. */
  private toSkip = 0;
  private part: "frame" | "block" | "checksum" = "frame";
  private hasChecksum = false;

  /** @throws Error for a frame that needs too large a window, and for what is no frame */
  see(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const skipped = Math.min(this.toSkip, bytes.length - at);
      this.toSkip -= skipped;
      at += skipped;
      if (this.toSkip > 0 || at === bytes.length) continue;
      this.held.push(bytes[at++] as number);
      this.next();
    }
  }

  private next(): void {
    const { held } = this;
    const length = { frame: headerLength(held), block: 3, checksum: 4 }[this.part];
    if (held.length < length) return;
    this.held = [];
    if (this.part === "checksum") this.part = "frame";
    else if (this.part === "frame") this.frame(held);
    else this.block(littleEndian(held));
  }

  private frame(header: readonly number[]): void {
    if (isSkippable(littleEndian(header.slice(0, 4)))) {
      this.toSkip = littleEndian(header.slice(4, 8));
      return;
    }
    const window = windowOf(header);
    if (window > mostWindow)
      throw new Error(`a frame needs a window of ${window} bytes; pack it without --long and --ultra`);
    this.hasChecksum = ((header[4] as number) & 4) !== 0;
    this.part = "block";
  }

  /** One bit whether it is the last, two of its type, and its size; one that repeats a byte holds that alone. */
  private block(header: number): void {
    const [isLast, type, size] = [header & 1, (header >> 1) & 3, header >> 3];
    this.toSkip = type === 1 ? 1 : size;
    if (isLast) this.part = this.hasChecksum ? "checksum" : "frame";
  }
}

const littleEndian = (bytes: readonly number[]): number => bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);

const contentBytes = (descriptor: number): number => [(descriptor & 0x20) >> 5, 2, 4, 8][descriptor >> 6] as number;
const dictionaryBytes = (descriptor: number): number => [0, 1, 2, 4][descriptor & 3] as number;
const windowBytes = (descriptor: number): number => (descriptor & 0x20 ? 0 : 1);

/** As far as the bytes that are there tell. */
function headerLength(held: readonly number[]): number {
  if (held.length < 5) return 5;
  const number = littleEndian(held.slice(0, 4));
  if (isSkippable(number)) return 8;
  if (number !== magic) throw new Error("what follows is no frame of Zstandard");
  const descriptor = held[4] as number;
  return 5 + windowBytes(descriptor) + dictionaryBytes(descriptor) + contentBytes(descriptor);
}

/** Of a frame that is one segment, its content is the window. */
function windowOf(header: readonly number[]): number {
  const descriptor = header[4] as number;
  const bytes = contentBytes(descriptor);
  if (windowBytes(descriptor) === 0) return littleEndian(header.slice(-bytes)) + (bytes === 2 ? 256 : 0);
  const base = 2 ** (10 + ((header[5] as number) >> 3));
  return base + (base / 8) * ((header[5] as number) & 7);
}
