import { isUtf8 } from "node:buffer";
import { ReluctantError } from "@reluctant/contracts";
import express, { type Request, type Response } from "express";

/** JSON bodies above this are refused before they are read: the largest sensible spec is some 20 kB. */
export const jsonLimitBytes = 1024 * 1024;

const parseJson = express.json({
  limit: jsonLimitBytes,
  strict: false,
  inflate: false,
  type: () => true,
  verify(_request, _response, bytes) {
    if (!isUtf8(bytes)) throw new Error("not UTF-8"); // the parser would put replacement characters in its place
  },
});

/** @throws ReluctantError for another type, a body above 1 MB, one that takes longer than `bodyMs`, or what is not JSON */
export async function readJson(request: Request, response: Response, bodyMs: number): Promise<unknown> {
  requireType(request, "application/json");
  const parsed = new Promise<void>((resolve, reject) => {
    parseJson(request, response, (error?: unknown) => (error ? reject(bodyError(error)) : resolve()));
  });
  await inTime(parsed, bodyMs);
  return request.body;
}

interface BytesLimits {
  maxBytes: number;
  /** How long each further piece may take. */
  bodyMs: number;
}

/** The body's bytes as they arrive. @throws ReluctantError for another type, above `maxBytes`, or where it stalls */
export function readBytes(request: Request, limits: BytesLimits): AsyncIterable<Uint8Array> {
  requireType(request, "application/octet-stream");
  if (Number(request.headers["content-length"]) > limits.maxBytes) throw tooLarge(limits.maxBytes);
  return limited(request, limits);
}

async function* limited(request: Request, { maxBytes, bodyMs }: BytesLimits): AsyncGenerator<Uint8Array> {
  // Destroying the request would take its socket, and with it the answer.
  const pieces = request.iterator({ destroyOnReturn: false });
  let received = 0;
  for (;;) {
    const piece = await inTime(pieces.next(), bodyMs);
    if (piece.done) return;
    received += piece.value.length;
    if (received > maxBytes) throw tooLarge(maxBytes);
    yield piece.value;
  }
}

async function inTime<T>(arrives: Promise<T>, bodyMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalls = new Promise<never>((_, reject) => {
    const expire = () => {
      const message = `did not arrive within ${bodyMs / 1000} s`;
      reject(new ReluctantError("request-timeout", `The body ${message}; send it again`, [{ field: "body", message }]));
    };
    timer = setTimeout(expire, bodyMs); // not one that a signal calls off: that makes an error, with its stack, for each body
  });
  try {
    return await Promise.race([arrives, stalls]);
  } finally {
    clearTimeout(timer);
  }
}

/** Of the parameters of a type only the encoding has a meaning here, and UTF-8 is the only one that JSON has. */
function requireType(request: Request, type: string): void {
  const found = request.headers["content-type"];
  const [name, ...parameters] = (found ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  if (name === type && (charset === undefined || /^"?utf-?8"?$/.test(charset))) return;
  const message = `must be ${type}${name === type ? " in UTF-8" : ""}${found ? `, not ${found.slice(0, 100)}` : ""}`;
  throw new ReluctantError("unsupported-media-type", `Content-Type ${message}`, [{ field: "Content-Type", message }]);
}

const tooLarge = (maxBytes: number) => {
  const message = `must not be above ${maxBytes / 1024 ** 2} MB`;
  return new ReluctantError("body-too-large", `The body ${message}`, [{ field: "body", message }]);
};

const notUtf8 = () =>
  new ReluctantError("invalid-json", "The body is not UTF-8", [{ field: "body", message: "is not UTF-8" }]);

/** What Express' parser found wrong, in our words. */
function bodyError(error: unknown): unknown {
  if (!(error instanceof Error) || !("type" in error)) return error;
  if (error.type === "entity.verify.failed") return notUtf8();
  if (error.type === "entity.too.large") return tooLarge(jsonLimitBytes);
  if (error.type === "entity.parse.failed") {
    const message = `is not JSON at position ${faultPosition("body" in error ? String(error.body) : "")}`;
    return new ReluctantError("invalid-json", `The body ${message}`, [{ field: "body", message }]);
  }
  if (error.type === "encoding.unsupported") {
    const message = "must be absent: the body is plain JSON";
    return new ReluctantError("unsupported-media-type", `Content-Encoding ${message}`, [
      { field: "Content-Encoding", message },
    ]);
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
