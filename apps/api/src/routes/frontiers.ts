import {
  experimentSummarySchema,
  foundPointsSchema,
  frontierAxes,
  frontierSchema,
  frontierSelections,
  idPrefixSchema,
  nameSchema,
  pointMeasurementSchema,
} from "@reluctant/contracts";
import { findPoints, getFrontier, measurePoint } from "@reluctant/control";
import { z } from "zod";
import { idempotencyOf, submitHeaders } from "../http/idempotency.ts";
import { idParams } from "../http/parameters.ts";
import { route } from "../http/route.ts";

const frontierQuery = z.object({
  dataset: nameSchema.meta({ examples: ["glyphs"] }),
  model: nameSchema.meta({ examples: ["resnet8"] }),
  points: z.enum(frontierSelections).default("all"),
  axis: z.enum(frontierAxes).default("relus"),
  setting: z.string().min(1).max(300).optional(),
});

export const frontierRoutes = [
  route({
    name: "getFrontier",
    method: "get",
    path: "/api/v1/frontiers",
    summary:
      "The trade-offs reached on a dataset (its newest version, or name@version) with a model: all, or the best.",
    access: "viewer",
    query: frontierQuery,
    answers: {
      200: { description: "All points, with those on the frontier marked, or those alone.", schema: frontierSchema },
    },
    problems: ["not-found"],
    handle: async ({ deps, identity, query }) => ({
      status: 200,
      json: await getFrontier(deps.control, { identity, ...query }),
    }),
  }),
  route({
    name: "findPoints",
    method: "get",
    path: "/api/v1/frontier-points",
    summary: "The frontier points whose ids begin so, ten at most: usually one, or none.",
    access: "viewer",
    query: z.object({ begins: idPrefixSchema }),
    answers: {
      200: {
        description: "Those that the team may see.",
        schema: foundPointsSchema,
        links: { measurePoint: { id: "/items/0/id" } },
      },
    },
    handle: async ({ deps, identity, query }) => ({
      status: 200,
      json: { items: await findPoints(deps.control, { identity, ...query }) },
    }),
  }),
  route({
    name: "measurePoint",
    method: "post",
    path: "/api/v1/frontier-points/{id}/measurements",
    summary: "Measure private inference of a frontier point's network, by an experiment that trains nothing.",
    access: "member",
    params: idParams,
    headers: submitHeaders,
    body: { type: "json", schema: pointMeasurementSchema, problem: "invalid-spec" },
    answers: {
      202: {
        description: "Accepted; Location names the experiment.",
        schema: experimentSummarySchema,
        links: { getExperiment: { id: "/id" } },
      },
    },
    problems: ["not-found", "conflict", "idempotency-mismatch"],
    async handle({ deps, identity, params, headers, body: asked, request }) {
      const idempotency = idempotencyOf(headers, { point: params.id, asked: request.body });
      const created = await measurePoint(deps.control, { identity, pointId: params.id, asked, idempotency });
      return {
        status: created.status,
        headers: { Location: `/api/v1/experiments/${created.experimentId}` },
        json: created.body,
      };
    },
  }),
];
