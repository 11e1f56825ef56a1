import { ReluctantError } from "@reluctant/contracts";
import { type RequestHandler, type Response, Router } from "express";
import { rateLimit } from "express-rate-limit";
import type { AppDeps } from "../deps.ts";
import { requireRole } from "./auth.ts";
import { readJson } from "./body.ts";
import type { Route } from "./route.ts";
import { send } from "./send.ts";
import { validate, validateQuery } from "./validate.ts";

/** A router that serves `routes`, and answers 405 for other methods on their paths. */
export function mount(deps: AppDeps, routes: Route[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const route of routes) router[route.method](pattern(route), ...limits(route), handler(deps, route));
  for (const path of new Set(routes.map(pattern))) {
    const methods = routes.filter((route) => pattern(route) === path).map(({ method }) => method.toUpperCase());
    router.all(path, refuseMethod(methods.includes("GET") ? ["HEAD", ...methods] : methods));
  }
  return router;
}

/** `/experiments/{id}` as Express writes it. */
const pattern = ({ path }: Route): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

/** Who asks comes before what is asked: a stranger's body is not even read. */
const handler =
  (deps: AppDeps, route: Route): RequestHandler =>
  async (request, response) => {
    const identity = route.access === "open" ? null : await requireRole(deps, request, route.access);
    response.locals.caller = identity && `${identity.team}/${identity.name}`;
    const answer = await route.handle({
      deps,
      identity,
      params: route.params ? validate("params", route.params, request.params) : {},
      query: validateQuery(route.query, request.query),
      headers: route.headers ? validate("headers", route.headers, request.headers) : {},
      body:
        route.body?.type === "json"
          ? validate("body", route.body.schema, await readJson(request, response), route.body.problem)
          : undefined,
      request,
      signal: leaving(deps, response),
    });
    await send(response, answer);
  };

/** Aborted when the answer is over or the client gone, and when the process stops. */
function leaving({ stopping }: AppDeps, response: Response): AbortSignal {
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  return AbortSignal.any([closed.signal, stopping]);
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
