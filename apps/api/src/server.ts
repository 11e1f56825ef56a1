import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Problem } from "@reluctant/contracts";
import { problem } from "./http/problem.ts";
import type { Limits } from "./limits.ts";

/** The HTTP server of the app: what never becomes a request is answered with problem details, too. */
export function createApiServer(app: RequestListener, { headersMs }: Pick<Limits, "headersMs">): Server {
  const answers = new WeakMap<object, ServerResponse>();
  // Bodies have limits of their own; Node's, 5 minutes in all, would cut an artifact of 2 GB at less than 7 MB/s.
  const timeouts = { requestTimeout: 0, headersTimeout: headersMs, connectionsCheckingInterval: 5_000 };
  const server = createServer(timeouts, app);
  server.prependListener("request", (request, response) => void answers.set(request.socket, response));
  server.on("checkExpectation", app); // of an expectation that it does not know a server may think nothing
  server.on("clientError", (error: ParserError, socket: Socket) => {
    const answer = answers.get(socket);
    const answering = answer?.headersSent && !answer.writableFinished;
    if (error.code === "ECONNRESET" || !socket.writable || answering) return void socket.destroy();
    socket.end(written(refusal(error)));
  });
  return server;
}

interface ParserError extends Error {
  code?: string;
  /** What the parser of HTTP says. */
  reason?: string;
}

function refusal({ code, reason }: ParserError): Problem {
  if (code === "HPE_HEADER_OVERFLOW") {
    return problem("headers-too-large", "The address and headers together must be below 16 KB");
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return problem("request-timeout", "The headers of the request did not arrive in time");
  }
  return problem("invalid-request", `This is not valid HTTP: ${reason ?? "it cannot be read"}`);
}

function written(refused: Problem): string {
  const body = JSON.stringify(refused);
  return [
    `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}`,
    "Content-Type: application/problem+json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}
