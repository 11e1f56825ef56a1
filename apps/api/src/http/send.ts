import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import { isLongList, jsonChunks } from "./json-chunks.ts";
import type { Answer } from "./route.ts";

/** Writes an answer; a stream is read no faster than the client takes it, and ended when the client leaves. */
export async function send(response: Response, answer: Answer): Promise<void> {
  response
    .status(answer.status)
    .set("Cache-Control", "private, no-cache")
    .set(answer.headers ?? {});
  if ("json" in answer) return sendJson(response, answer.json);
  if ("text" in answer) return void response.send(answer.text);
  if ("empty" in answer || response.req.method === "HEAD") return void response.end();
  response.flushHeaders();
  await stream(response, answer.stream);
}

/** A long answer has no ETag: that would take all of it at once. */
async function sendJson(response: Response, json: unknown): Promise<void> {
  if (!isLongList(json)) return void response.json(json);
  response.type("application/json");
  if (response.req.method === "HEAD") return void response.end();
  await stream(response, jsonChunks(json));
}

const stream = (response: Response, pieces: AsyncIterable<Uint8Array | string>): Promise<void> =>
  pipeline(Readable.from(pieces, { highWaterMark: 1 }), response);
