import { bytes } from "@reluctant/plot";
import { bar } from "./format.ts";
import { LiveLines } from "./live-lines.ts";
import { line } from "./text.ts";

/** What takes less is over before a line of it could be read. */
const quietMs = 1_000;
/** Time between two drawings: a network of 100 MB comes in some thousand pieces. */
const redrawMs = 200;

export interface Transfer {
  /** `uploading resnet18.safetensors` */
  what: string;
  /** In all; null where nobody says. */
  total: number | null;
  /** Results go to stdout, so this goes beside them. */
  out?: NodeJS.WriteStream;
  now?: () => number;
}

/** The same bytes; shows how many have passed. */
export function showTransfer(
  stream: ReadableStream<Uint8Array>,
  { what, total, out = process.stderr, now = () => performance.now() }: Transfer,
): ReadableStream<Uint8Array> {
  const live = new LiveLines(out, now);
  const began = now();
  let drawn = began + quietMs - redrawMs;
  let passed = 0;
  const draw = () => {
    if (now() - drawn < redrawMs) return;
    drawn = now();
    const share = total ? passed / total : undefined;
    const text = line`${what}  ${share === undefined ? "" : `${bar(share)}  `}${bytes(passed)}${total ? ` of ${bytes(total)}` : ""}`;
    live.draw([{ key: what, text, ...(share !== undefined && { share }) }]);
  };
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        passed += piece.byteLength;
        draw();
        controller.enqueue(piece);
      },
      flush: () => live.clear(),
    }),
  );
}
