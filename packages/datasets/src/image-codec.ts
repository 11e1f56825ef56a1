import { readFileSync } from "node:fs";
import type { ScaledView, View } from "./view.ts";

/** What `codec/codec.c` exports: numbers are byte offsets, counts and pixels. */
interface CodecExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  input(bytes: number): number;
  open_jpeg(bytes: number): number;
  jpeg_width(): number;
  jpeg_height(): number;
  jpeg_region(denominator: number, ...view: number[]): number;
  pixels_region(columns: number, ...view: number[]): number;
}

/** Of the global that Node has and no library of TypeScript's but the browser's declares. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: object };
};

/** An instance that has grown past this, for one large image, is given up for a new one. */
const keptBytes = 64 * 2 ** 20;

/**
 * libjpeg-turbo's decoder and torchvision's antialiased bilinear resampling, in WebAssembly with 128-bit vectors: the same
 * pixels on every processor, and a hostile file reaches nothing outside its memory. It works on one image at a time, in the
 * calling thread.
 */
class ImageCodec {
  private module: object | undefined;
  private instance: CodecExports | null = null;

  /**
   * Reads a JPEG's header; `jpegView` goes on with it.
   * @returns null where it is not of 8-bit gray, RGB or YCbCr, which is left to another decoder
   * @throws Error saying what is wrong with it
   */
  openJpeg(bytes: Uint8Array): { height: number; width: number } | null {
    this.dropIfLarge();
    return this.run((codec) => {
      put(codec, bytes);
      if (codec.open_jpeg(bytes.length) === 0) return null;
      return { height: codec.jpeg_height(), width: codec.jpeg_width() };
    });
  }

  /** Of the JPEG that was opened. @returns RGB, size · size · 3 values, until the next call */
  jpegView({ denominator, ...view }: ScaledView, size: number): Uint8Array {
    return this.run((codec) => result(codec, codec.jpeg_region(denominator, ...numbers(view), size), size));
  }

  /** @param pixelsHWC RGB, `width` pixels a row @returns as `jpegView` */
  pixelsView(pixelsHWC: Uint8Array, width: number, view: View, size: number): Uint8Array {
    this.dropIfLarge();
    return this.run((codec) => {
      put(codec, pixelsHWC);
      return result(codec, codec.pixels_region(width, ...numbers(view), size), size);
    });
  }

  private run<T>(work: (codec: CodecExports) => T): T {
    const codec = this.instance ?? this.newInstance();
    this.instance = null; // one that was left by an exception is not used again
    const answer = work(codec);
    this.instance = codec;
    return answer;
  }

  private dropIfLarge(): void {
    if ((this.instance?.memory.buffer.byteLength ?? 0) > keptBytes) this.instance = null;
  }

  private newInstance(): CodecExports {
    this.module ??= new WebAssembly.Module(readFileSync(new URL("../codec/codec.wasm", import.meta.url)));
    const refuse = (text: number, ...values: number[]) => {
      throw new Error(message(new Uint8Array(codec.memory.buffer), text, values));
    };
    const codec = new WebAssembly.Instance(this.module, { env: { refuse } }).exports as CodecExports;
    return codec;
  }
}

/** One for each thread. */
export const imageCodec = new ImageCodec();

function put(codec: CodecExports, bytes: Uint8Array): void {
  const place = codec.input(bytes.length);
  new Uint8Array(codec.memory.buffer).set(bytes, place);
}

const numbers = ({ box, seen }: View): number[] => [
  ...[box.left, box.top, box.width, box.height],
  ...[seen.left, seen.top, seen.left + seen.width, seen.top + seen.height],
];

const result = ({ memory }: CodecExports, place: number, size: number): Uint8Array =>
  new Uint8Array(memory.buffer, place, size * size * 3);

/** A text of C with its numbers put in. */
function message(memory: Uint8Array, text: number, values: readonly number[]): string {
  const format = Buffer.from(memory.subarray(text, memory.indexOf(0, text))).toString("latin1");
  const left = [...values];
  return format.replace(/%\d*l?([dux])/g, (_, kind) => (left.shift() ?? 0).toString(kind === "x" ? 16 : 10));
}
