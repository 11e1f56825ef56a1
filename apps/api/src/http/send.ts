import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import type { Answer } from "./route.ts";

/** Writes an answer; a stream is read no faster than the client takes it, and ended when the client leaves. */
export async function send(response: Response, answer: Answer): Promise<void> {
  response
    .status(answer.status)
    .set("Cache-Control", "private, no-cache")
    .set(answer.headers ?? {});
  if ("json" in answer) return void response.json(answer.json);
  if ("text" in answer) return void response.send(answer.text);
  if ("empty" in answer || response.req.method === "HEAD") return void response.end();
  response.flushHeaders();
  await pipeline(Readable.from(answer.stream, { highWaterMark: 1 }), response);
}
