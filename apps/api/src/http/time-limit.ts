import { ReluctantError } from "@reluctant/contracts";
import type { Request, RequestHandler } from "express";
import { sendProblem } from "./errors.ts";

/**
 * Ends requests that are not answered in time; what still works on them comes to its own end (a statement in Postgres by
 * `statement_timeout`), and its answer is dropped. An answer that has begun, as that of a stream, goes on.
 * `response.locals.exemptFromTimeLimit()` exempts a request.
 */
export const timeLimit =
  (requestMs: number): RequestHandler =>
  (request, response, next) => {
    const expire = () => {
      if (!response.headersSent) sendProblem(timedOut(request, requestMs), request, response, next);
    };
    const timer = setTimeout(expire, requestMs);
    response.locals.exemptFromTimeLimit = () => clearTimeout(timer);
    response.once("close", () => clearTimeout(timer));
    next();
  };

function timedOut({ method }: Request, requestMs: number): ReluctantError {
  const reads = method === "GET" || method === "HEAD";
  const advice = reads
    ? "try again after Retry-After"
    : "it may have taken effect: look before you send it again, or send a submit again with the same Idempotency-Key";
  return new ReluctantError("timed-out", `There was no answer within ${requestMs / 1000} s; ${advice}`);
}
