import { randomUUID } from "node:crypto";
import type { Logger, Metrics } from "@reluctant/telemetry";
import type { RequestHandler } from "express";

/**
 * Gives each request an id (the caller's `X-Request-Id`, where it is one), logs it when it ends, and counts it. Bodies,
 * headers and query strings stay out of the log: they can hold secrets.
 */
export function requestLog(logger: Logger, metrics: Metrics): RequestHandler {
  const durations = metrics.histogram({
    name: "http_request_duration_seconds",
    help: "Time to answer a request, until its last byte",
    labels: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });
  return (request, response, next) => {
    const given = request.get("x-request-id");
    const requestId = given && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
    const began = performance.now();
    response.locals.logger = logger.child({ requestId });
    response.set("X-Request-Id", requestId);
    response.once("close", () => {
      const { method, originalUrl } = request;
      const status = response.statusCode;
      const seconds = (performance.now() - began) / 1000;
      const complete = response.writableFinished;
      const { caller, logger: log } = response.locals;
      log.info(
        { method, path: originalUrl.split("?")[0], status, ms: Math.round(seconds * 1e4) / 10, caller, complete },
        "request",
      );
      // Streams end when their reader leaves: their length tells nothing.
      if (!response.getHeader("content-type")?.toString().startsWith("text/event-stream")) {
        durations.observe({ method, route: request.route?.path ?? "other", status: String(status) }, seconds);
      }
    });
    next();
  };
}
