/** What an image thread runs: writes the images of each request, in any order, and answers, if need be with what is wrong. */
import { parentPort, workerData } from "node:worker_threads";
import { DatasetError } from "./errors.ts";
import type { ImageRequest, ImageStore, ReadImages } from "./images.ts";
import { pixelImages } from "./pixel-images.ts";

/** `images` is memory that both threads share. */
export type ImageThreadRequest = ImageRequest & { id: number; images: Uint8Array };
export type ImageThreadResponse =
  | { id: number }
  | { id: number; refusal: { problem: string; file: string; offset: number | undefined; fix: string } }
  | { id: number; error: unknown };

const read = await open(workerData as ImageStore);
parentPort?.on("message", async ({ id, images, ...request }: ImageThreadRequest) => {
  const answer = await read(request, images).then(
    (): ImageThreadResponse => ({ id }),
    (error: unknown): ImageThreadResponse =>
      error instanceof DatasetError
        ? { id, refusal: { problem: error.problem, file: error.file, offset: error.offset, fix: error.fix } }
        : { id, error },
  );
  parentPort?.postMessage(answer);
});

/** The decoder is loaded only where it is needed. */
async function open(store: ImageStore): Promise<ReadImages> {
  if (store.form === "pixels") return pixelImages(store);
  const { encodedImages } = await import("./encoded-images.ts");
  return encodedImages(store);
}
