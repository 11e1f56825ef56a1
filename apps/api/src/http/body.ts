import { ReluctantError } from "@reluctant/contracts";
import express, { type Request, type Response } from "express";

/** JSON bodies above this are refused before they are read: the largest sensible spec is some 20 kB. */
export const jsonLimitBytes = 1024 * 1024;

const parseJson = express.json({ limit: jsonLimitBytes, strict: false, inflate: false, type: () => true });

/** @throws ReluctantError for another type, a body above 1 MB, or what is not JSON */
export async function readJson(request: Request, response: Response): Promise<unknown> {
  requireType(request, "application/json");
  await new Promise<void>((resolve, reject) => {
    parseJson(request, response, (error?: unknown) => (error ? reject(bodyError(error)) : resolve()));
  });
  return request.body;
}

/** The body's bytes as they arrive. @throws ReluctantError for another type, or above `maxBytes` */
export function readBytes(request: Request, maxBytes: number): AsyncIterable<Uint8Array> {
  requireType(request, "application/octet-stream");
  if (Number(request.headers["content-length"]) > maxBytes) throw tooLarge(maxBytes);
  return limited(request, maxBytes);
}

async function* limited(request: Request, maxBytes: number): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    received += piece.length;
    if (received > maxBytes) throw tooLarge(maxBytes);
    yield piece;
  }
}

function requireType(request: Request, type: string): void {
  const found = request.headers["content-type"];
  if (found?.split(";")[0]?.trim().toLowerCase() === type) return;
  const message = `must be ${type}${found ? `, not ${found.slice(0, 100)}` : ""}`;
  throw new ReluctantError("unsupported-media-type", `Content-Type ${message}`, [{ field: "Content-Type", message }]);
}

const tooLarge = (maxBytes: number) => {
  const message = `must not be above ${maxBytes / 1024 ** 2} MB`;
  return new ReluctantError("body-too-large", `The body ${message}`, [{ field: "body", message }]);
};

/** What Express' parser found wrong, in our words. */
function bodyError(error: unknown): unknown {
  if (!(error instanceof Error) || !("type" in error)) return error;
  if (error.type === "entity.too.large") return tooLarge(jsonLimitBytes);
  if (error.type === "entity.parse.failed") {
    const message = `is not JSON at position ${faultPosition("body" in error ? String(error.body) : "")}`;
    return new ReluctantError("invalid-json", `The body ${message}`, [{ field: "body", message }]);
  }
  if (error.type === "encoding.unsupported" || error.type === "charset.unsupported") {
    const field = error.type === "encoding.unsupported" ? "Content-Encoding" : "Content-Type";
    const message = "must be plain UTF-8 JSON";
    return new ReluctantError("unsupported-media-type", `The body ${message}`, [{ field, message }]);
  }
  if (error.type === "request.aborted" || error.type === "request.size.invalid") {
    return new ReluctantError("invalid-request", "The body ended before its Content-Length", [
      { field: "Content-Length", message: "does not agree with the body" },
    ]);
  }
  return error;
}

/**
 * Where `text` stops being JSON, as a character offset; its length where it only ends too early. V8 names the place in
 * some of its messages only, so: the longest prefix that merely ends too early, found by halving (20 parses for 1 MB).
 */
export function faultPosition(text: string): number {
  let sound = 0;
  let faulty = text.length + 1;
  while (faulty - sound > 1) {
    const middle = (sound + faulty) >> 1;
    if (mayGoOn(text.slice(0, middle))) sound = middle;
    else faulty = middle;
  }
  return sound;
}

function mayGoOn(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    return position === undefined ? message.startsWith("Unexpected end") : Number(position) >= prefix.length;
  }
}
