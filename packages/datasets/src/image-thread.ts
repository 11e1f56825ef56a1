/** What an image thread runs: answers each request, in any order, with images or with what is wrong. */
import { parentPort, workerData } from "node:worker_threads";
import { DatasetError } from "./errors.ts";
import type { ImageRequest, ImageStore, ReadImages } from "./images.ts";
import { pixelImages } from "./pixel-images.ts";

export type ImageThreadRequest = ImageRequest & { id: number };
export type ImageThreadResponse =
  | { id: number; images: Uint8Array }
  | { id: number; refusal: { problem: string; file: string; offset: number | undefined; fix: string } }
  | { id: number; error: unknown };

const read = await open(workerData as ImageStore);
parentPort?.on("message", async ({ id, ...request }: ImageThreadRequest) => {
  const answer = await read(request).then(
    (images): ImageThreadResponse => ({ id, images }),
    (error: unknown): ImageThreadResponse =>
      error instanceof DatasetError
        ? { id, refusal: { problem: error.problem, file: error.file, offset: error.offset, fix: error.fix } }
        : { id, error },
  );
  parentPort?.postMessage(answer, "images" in answer ? [answer.images.buffer as ArrayBuffer] : []);
});

/** The decoder is loaded only where it is needed. */
async function open(store: ImageStore): Promise<ReadImages> {
  if (store.form === "pixels") return pixelImages(store);
  const { encodedImages } = await import("./encoded-images.ts");
  return encodedImages(store);
}
