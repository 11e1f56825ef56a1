import { z } from "zod";
import { type Route, route } from "../http/route.ts";
import { openApiDocument } from "../openapi.ts";

/** The document of `routes` and of itself. */
export function openApiRoute(routes: Route[]): Route {
  const self: Route = route({
    name: "getOpenApi",
    method: "get",
    path: "/openapi.json",
    summary: "This document.",
    access: "viewer",
    answers: { 200: { description: "OpenAPI 3.1.", schema: z.record(z.string(), z.unknown()) } },
    handle: async () => ({ status: 200, json: openApiDocument([...routes, self]) }),
  });
  return self;
}
