import { type ProblemCode, ReluctantError } from "@reluctant/contracts";
import { isDataError } from "@reluctant/db";
import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import { problemOf } from "./problem.ts";

export const noSuchRoute: RequestHandler = (request) => {
  throw new ReluctantError("not-found", `There is nothing at ${pathOf(request).slice(0, 200)}`, [
    { field: "path", message: "is not a path of this API" },
  ]);
};

/** The one place where errors become answers: problem details, and for what nobody foresaw also a log line. */
export const sendProblem: ErrorRequestHandler = (error, request, response, _next) => {
  const { logger } = response.locals;
  if (response.writableEnded) return; // its time was over, and that was told
  if (response.headersSent) {
    // Too late for an answer: the client must see that it is not whole.
    if (!response.destroyed) logger.warn({ err: error }, "an answer broke off");
    response.destroy();
    return;
  }
  const problem = problemOf(error);
  if (problem.code === "internal") logger.error({ err: error }, "a request failed");
  const warning = warnings[problem.code];
  if (warning) logger.warn({ err: error }, warning);
  else if (isDataError(error)) logger.warn({ err: error }, "a value came to the database that it cannot hold");
  if (problem.status === 401) response.set("WWW-Authenticate", "Bearer");
  if (problem.status === 503) response.set("Retry-After", retryAfterSeconds[problem.code] ?? "2");
  // What is left of a body that nobody will read would be taken for the next request.
  if (hasBody(request) && !request.complete) response.set("Connection", "close");
  response
    .status(problem.status)
    .type("application/problem+json")
    .send(JSON.stringify({ ...problem, instance: pathOf(request) }));
};

const warnings: Partial<Record<ProblemCode, string>> = {
  unavailable: "a store is out of reach",
  "timed-out": "a request took too long",
};

/** A full line takes longer than an outage that heals. */
const retryAfterSeconds: Partial<Record<ProblemCode, string>> = { busy: "5", "timed-out": "5" };

/** The whole path, also below a mounted router, without the query. */
const pathOf = ({ originalUrl }: Request): string => originalUrl.split("?")[0] ?? "";

const hasBody = ({ headers }: Request): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
