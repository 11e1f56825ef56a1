import { ReluctantError } from "@reluctant/contracts";
import { type RequestHandler, type Response, Router } from "express";
import { rateLimit } from "express-rate-limit";
import type { AppDeps } from "../deps.ts";
import { type Admission, createAdmission } from "./admission.ts";
import { type AuthenticatedCaller, requireRole } from "./auth.ts";
import { readJson } from "./body.ts";
import type { Answer, Route } from "./route.ts";
import { send } from "./send.ts";
import { querySchema, validate } from "./validate.ts";

/** A router that serves `routes`, and answers 405 for other methods on their paths. */
export function mount(deps: AppDeps, routes: Route[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const admission = createAdmission(deps.limits);
  for (const declared of routes) {
    const route = { ...declared, query: querySchema(declared.query) };
    router[route.method](pattern(route), ...limits(route), handler(deps, route, admission));
  }
  for (const path of new Set(routes.map(pattern))) {
    const methods = routes.filter((route) => pattern(route) === path).map(({ method }) => method.toUpperCase());
    router.all(path, refuseMethod(methods.includes("GET") ? ["HEAD", ...methods] : methods));
  }
  return router;
}

/** `/experiments/{id}` as Express writes it. */
const pattern = ({ path }: Route): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

/**
 * Who asks comes before what is asked: a stranger's body is not even read. A body is read between two turns, so that a
 * slow client holds nobody up.
 */
const handler =
  (deps: AppDeps, route: Route, admission: Admission): RequestHandler =>
  async (request, response) => {
    const { signal, settle } = closeSignal(deps, response);
    const since = performance.now();
    const inTurn = <T>(work: () => Promise<T>) => (route.urgent ? work() : admission.run(work, { since, signal }));
    const identify = async () => {
      const identity = route.access === "open" ? null : await requireRole(deps, request, route.access);
      response.locals.caller = identity && `${identity.team}/${identity.name}`;
      return identity;
    };
    const handle = (identity: AuthenticatedCaller | null, body?: unknown): Promise<Answer> =>
      route.handle({
        deps,
        identity,
        params: route.params ? validate("params", route.params, request.params) : {},
        query: validate("query", route.query, request.query),
        headers: route.headers ? validate("headers", route.headers, request.headers) : {},
        body: route.body?.type === "json" ? validate("body", route.body.schema, body, route.body.problem) : undefined,
        request,
        signal,
      });
    try {
      const answer = await answerInTurns();
      if (!response.headersSent) await send(response, answer); // else its time was over
    } finally {
      settle();
    }

    async function answerInTurns(): Promise<Answer> {
      if (!route.body) return inTurn(async () => handle(await identify()));
      const identity = await inTurn(identify);
      if (route.body.type === "json") {
        const body = await readJson(request, response, deps.limits.bodyMs);
        return inTurn(() => handle(identity, body));
      }
      response.locals.exemptFromTimeLimit();
      return handle(identity);
    }
  };

/** One for all: to make an error, with its stack, for each request takes 0.1 ms. */
const over = new Error("the answer is over, or the client has gone");

/**
 * Aborted when the answer is over or the client gone, and when the process stops; not once the work is done and `settle` called:
 * to abort costs each request as much as to read its headers.
 */
function closeSignal({ stopping }: AppDeps, response: Response): { signal: AbortSignal; settle: () => void } {
  const closed = new AbortController();
  const abort = () => closed.abort(over);
  response.once("close", abort);
  return { signal: AbortSignal.any([closed.signal, stopping]), settle: () => void response.off("close", abort) };
}

function limits({ perMinute }: Route): RequestHandler[] {
  if (perMinute === undefined) return [];
  const handler: RequestHandler = () => {
    throw new ReluctantError(
      "too-many-requests",
      `At most ${perMinute} of these requests a minute; wait and try again`,
    );
  };
  return [rateLimit({ windowMs: 60_000, limit: perMinute, standardHeaders: "draft-8", legacyHeaders: false, handler })];
}

const refuseMethod =
  (methods: string[]): RequestHandler =>
  (request, response) => {
    const allowed = methods.sort().join(", ");
    response.set("Allow", allowed);
    throw new ReluctantError("method-not-allowed", `${request.method} is not supported here; ${allowed} are`, [
      { field: "method", message: `must be one of ${allowed}` },
    ]);
  };
