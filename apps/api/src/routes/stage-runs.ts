import { attemptListSchema, metricsSchema, stageRunSchema, waitingSchema } from "@reluctant/contracts";
import { explainWaiting, getStageRun, listAttempts, readMetrics } from "@reluctant/control";
import { z } from "zod";
import { idParams, integerParameter, textParameter } from "../http/parameters.ts";
import { route } from "../http/route.ts";

const metricsQuery = z.object({
  series: textParameter({ min: 1, max: 64 }).optional(),
  afterStep: integerParameter().optional(),
  most: integerParameter({ min: 3, max: 100_000 }).optional(),
});

export const stageRunRoutes = [
  route({
    name: "getStageRun",
    method: "get",
    path: "/api/v1/stage-runs/{id}",
    summary: "One stage run with its progress, result and artifacts.",
    access: "viewer",
    params: idParams,
    answers: {
      200: {
        description: "The stage run.",
        schema: stageRunSchema,
        links: {
          getArtifact: { sha256: "/artifacts/0/sha256" },
          getMaskMaps: { sha256: "/artifacts/0/sha256" },
        },
      },
    },
    problems: ["not-found"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await getStageRun(deps.control, { identity, id: params.id }),
    }),
  }),
  route({
    name: "listAttempts",
    method: "get",
    path: "/api/v1/stage-runs/{id}/attempts",
    summary: "The attempts of a stage run, first to last.",
    access: "viewer",
    params: idParams,
    answers: {
      200: { description: "All attempts.", schema: attemptListSchema, links: { readLog: { id: "/items/0/id" } } },
    },
    problems: ["not-found"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: { items: await listAttempts(deps.control, { identity, stageRunId: params.id }) },
    }),
  }),
  route({
    name: "explainWaiting",
    method: "get",
    path: "/api/v1/stage-runs/{id}/waiting",
    summary: "Why a stage run has no slot yet; null where it does not wait.",
    access: "viewer",
    params: idParams,
    answers: { 200: { description: "What must happen first.", schema: waitingSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await explainWaiting(deps.control, { identity, stageRunId: params.id }),
    }),
  }),
  route({
    name: "readMetrics",
    method: "get",
    path: "/api/v1/stage-runs/{id}/metrics",
    summary:
      "Points of all series or of one; with afterStep only those of later steps, with most the lows and highs of longer ones.",
    access: "viewer",
    params: idParams,
    query: metricsQuery,
    answers: { 200: { description: "Series of steps and values.", schema: metricsSchema } },
    problems: ["not-found"],
    async handle({ deps, identity, params, query: { series, afterStep, most } }) {
      const which = {
        ...(series !== undefined && { series: [series] }),
        ...(afterStep !== undefined && { afterStep }),
        ...(most !== undefined && { most }),
      };
      return {
        status: 200,
        json: { series: await readMetrics(deps.control, { identity, stageRunId: params.id, ...which }) },
      };
    },
  }),
];
