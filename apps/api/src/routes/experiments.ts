import {
  type ExperimentSpecInput,
  type ExperimentSummary,
  experimentCursorSchema,
  experimentPageSchema,
  experimentSchema,
  experimentStates,
  experimentSummarySchema,
  extensionSchema,
  priorityChangeSchema,
  trialCursorSchema,
  trialPageSchema,
} from "@reluctant/contracts";
import {
  type Caller,
  cancelExperiment,
  createExperiment,
  type Deps,
  extendExperiment,
  getExperiment,
  listExperiments,
  listTrials,
  pauseExperiment,
  resumeExperiment,
  retryExperiment,
  setPriority,
} from "@reluctant/control";
import { experimentSpecSchema } from "@reluctant/stages/definitions";
import { z } from "zod";
import { idempotencyOf, submitHeaders } from "../http/idempotency.ts";
import { idParams, pageQuery, textParameter } from "../http/parameters.ts";
import { type Links, route } from "../http/route.ts";

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
  pauseExperiment: { id: pointer },
  resumeExperiment: { id: pointer },
  cancelExperiment: { id: pointer },
  retryExperiment: { id: pointer },
  extendExperiment: { id: pointer },
  setPriority: { id: pointer },
});

/** What is asked of an experiment without more to say. */
const commands = {
  pause: {
    run: pauseExperiment,
    summary:
      "Pause an experiment: what runs for it alone stops with a checkpoint, and nothing starts until it is resumed.",
  },
  resume: { run: resumeExperiment, summary: "Have a paused experiment go on." },
  cancel: {
    run: cancelExperiment,
    summary: "Cancel an experiment. Stage runs that others need go on; finished results stay.",
  },
  retry: {
    run: retryExperiment,
    summary: "Run again what failed or was cancelled of an experiment; what succeeded stays.",
  },
} as const satisfies Record<string, { run: CommandOn; summary: string }>;

type CommandOn = (deps: Deps, command: { identity: Caller; experimentId: string }) => Promise<ExperimentSummary>;

const now = { 200: { description: "The experiment as it is now.", schema: experimentSummarySchema } };

const commandRoute = (word: keyof typeof commands) =>
  route({
    name: `${word}Experiment`,
    method: "post",
    path: `/api/v1/experiments/{id}/${word}`,
    summary: commands[word].summary,
    access: "member",
    params: idParams,
    answers: now,
    problems: ["not-found", "conflict"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await commands[word].run(deps.control, { identity, experimentId: params.id }),
    }),
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
      const idempotency = idempotencyOf(headers, rawSpec);
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
  commandRoute("pause"),
  commandRoute("resume"),
  commandRoute("cancel"),
  commandRoute("retry"),
  route({
    name: "extendExperiment",
    method: "post",
    path: "/api/v1/experiments/{id}/extend",
    summary: "Add methods, budgets or seeds to an experiment: the trials that it has not had are added to it.",
    access: "member",
    params: idParams,
    body: { type: "json", schema: extensionSchema, problem: "invalid-spec" },
    answers: now,
    problems: ["not-found", "conflict"],
    handle: async ({ deps, identity, params, body: extension }) => ({
      status: 200,
      json: await extendExperiment(deps.control, { identity, experimentId: params.id, extension }),
    }),
  }),
  route({
    name: "setPriority",
    method: "post",
    path: "/api/v1/experiments/{id}/priority",
    summary: "Give what waits of an experiment another turn; what runs goes on.",
    access: "member",
    params: idParams,
    body: { type: "json", schema: priorityChangeSchema },
    answers: now,
    problems: ["not-found", "conflict"],
    handle: async ({ deps, identity, params, body }) => ({
      status: 200,
      json: await setPriority(deps.control, { identity, experimentId: params.id, ...body }),
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
