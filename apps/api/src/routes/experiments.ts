import { createHash } from "node:crypto";
import {
  type ExperimentSpecInput,
  experimentCursorSchema,
  experimentPageSchema,
  experimentSchema,
  experimentStates,
  experimentSummarySchema,
  trialCursorSchema,
  trialPageSchema,
} from "@reluctant/contracts";
import { cancelExperiment, createExperiment, getExperiment, listExperiments, listTrials } from "@reluctant/control";
import { canonicalJson } from "@reluctant/relu";
import { experimentSpecSchema } from "@reluctant/stages/definitions";
import { z } from "zod";
import { idParams, pageQuery, textParameter } from "../http/parameters.ts";
import { type Links, route } from "../http/route.ts";

const submitHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, "must be 1 to 200 printable characters without spaces")
    .optional(),
});

const listQuery = z.object({
  ...pageQuery(experimentCursorSchema),
  state: z.enum(experimentStates).optional(),
  search: textParameter({ max: 100 }).optional(),
});

/** What can be asked of an experiment whose id is at `pointer`. */
const linksOf = (pointer: string): Links => ({
  getExperiment: { id: pointer },
  listTrials: { id: pointer },
  listExperimentEvents: { id: pointer },
  cancelExperiment: { id: pointer },
});

export const experimentRoutes = [
  route({
    name: "createExperiment",
    method: "post",
    path: "/api/v1/experiments",
    summary: "Submit an experiment. Sent again with the same Idempotency-Key and body, it gets the first answer again.",
    access: "member",
    headers: submitHeaders,
    body: { type: "json", schema: experimentSpecSchema, problem: "invalid-spec" },
    answers: {
      202: {
        description: "Accepted; Location names the experiment.",
        schema: experimentSummarySchema,
        links: linksOf("/id"),
      },
    },
    problems: ["idempotency-mismatch"],
    async handle({ deps, identity, headers, body: spec, request }) {
      const rawSpec = request.body as ExperimentSpecInput & Record<string, unknown>;
      const key = headers["idempotency-key"];
      const idempotency = key === undefined ? undefined : { key, requestHash: hashOf(rawSpec) };
      const created = await createExperiment(deps.control, { identity, spec, rawSpec, idempotency });
      return {
        status: created.status,
        headers: { Location: `/api/v1/experiments/${created.experimentId}` },
        json: created.body,
      };
    },
  }),
  route({
    name: "listExperiments",
    method: "get",
    path: "/api/v1/experiments",
    summary: "The team's experiments, newest first.",
    access: "viewer",
    query: listQuery,
    answers: {
      200: { description: "A page of experiments.", schema: experimentPageSchema, links: linksOf("/items/0/id") },
    },
    handle: async ({ deps, identity, query }) => ({
      status: 200,
      json: await listExperiments(deps.control, { identity, ...query }),
    }),
  }),
  route({
    name: "getExperiment",
    method: "get",
    path: "/api/v1/experiments/{id}",
    summary: "One experiment with its stage runs.",
    access: "viewer",
    params: idParams,
    answers: {
      200: {
        description: "The experiment.",
        schema: experimentSchema,
        links: {
          getStageRun: { id: "/stageRuns/0/id" },
          listAttempts: { id: "/stageRuns/0/id" },
          readMetrics: { id: "/stageRuns/0/id" },
        },
      },
    },
    problems: ["not-found"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await getExperiment(deps.control, { identity, id: params.id }),
    }),
  }),
  route({
    name: "cancelExperiment",
    method: "post",
    path: "/api/v1/experiments/{id}/cancel",
    summary: "Cancel an experiment. Stage runs that others need go on; finished results stay.",
    access: "member",
    params: idParams,
    answers: { 200: { description: "The experiment as it is now.", schema: experimentSummarySchema } },
    problems: ["not-found", "conflict"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await cancelExperiment(deps.control, { identity, experimentId: params.id }),
    }),
  }),
  route({
    name: "listTrials",
    method: "get",
    path: "/api/v1/experiments/{id}/trials",
    summary: "The trials of an experiment, in the order of its plan.",
    access: "viewer",
    params: idParams,
    query: z.object(pageQuery(trialCursorSchema)),
    answers: {
      200: { description: "A page of trials.", schema: trialPageSchema, links: { getTrial: { id: "/items/0/id" } } },
    },
    problems: ["not-found"],
    handle: async ({ deps, identity, params, query }) => ({
      status: 200,
      json: await listTrials(deps.control, { identity, experimentId: params.id, ...query }),
    }),
  }),
];

/** The same for bodies that differ only in spaces and in the order of keys. */
const hashOf = (body: unknown): string => createHash("sha256").update(canonicalJson(body)).digest("hex");
