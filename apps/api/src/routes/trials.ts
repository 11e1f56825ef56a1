import {
  priorityChangeSchema,
  type TrialCommand,
  trialFilterSchema,
  trialPointsSchema,
  trialPrioritySchema,
  trialSchema,
  trialsChangedSchema,
} from "@reluctant/contracts";
import { changeTrial, changeTrials, getTrial, listTrialPoints } from "@reluctant/control";
import { idParams } from "../http/parameters.ts";
import { route } from "../http/route.ts";

/** What is asked of a trial without more to say, of one or of many. */
const commands = {
  pause: "what runs for it alone stops with a checkpoint, and nothing starts for it until it is resumed",
  resume: "it goes on after a pause",
  cancel: "what other trials need too goes on; finished results stay",
  retry: "what failed or was cancelled of it runs again",
} as const satisfies Record<Exclude<TrialCommand, "priority">, string>;
type PlainCommand = keyof typeof commands;

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const now = { 200: { description: "The trial as it is now.", schema: trialSchema } };
const changed = { 200: { description: "How many it was for, and the experiment now.", schema: trialsChangedSchema } };

const oneTrial = (command: PlainCommand) =>
  route({
    name: `${command}Trial`,
    method: "post",
    path: `/api/v1/trials/{id}/${command}`,
    summary: `${capital(command)} one trial alone: ${commands[command]}.`,
    access: "member",
    params: idParams,
    answers: now,
    problems: ["not-found", "conflict"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await changeTrial(deps.control, { identity, trialId: params.id, change: { command } }),
    }),
  });

const manyTrials = (command: PlainCommand) =>
  route({
    name: `${command}Trials`,
    method: "post",
    path: `/api/v1/experiments/{id}/trials/${command}`,
    summary: `${capital(command)} the trials of an experiment that a filter selects, as one alone.`,
    access: "member",
    params: idParams,
    body: { type: "json", schema: trialFilterSchema },
    answers: changed,
    problems: ["not-found", "conflict"],
    handle: async ({ deps, identity, params, body: filter }) => ({
      status: 200,
      json: await changeTrials(deps.control, { identity, experimentId: params.id, filter, change: { command } }),
    }),
  });

const plain = Object.keys(commands) as PlainCommand[];

export const trialRoutes = [
  route({
    name: "getTrial",
    method: "get",
    path: "/api/v1/trials/{id}",
    summary: "One trial with what it needs and what it reached.",
    access: "viewer",
    params: idParams,
    answers: { 200: { description: "The trial.", schema: trialSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await getTrial(deps.control, { identity, id: params.id }),
    }),
  }),
  route({
    name: "listTrialPoints",
    method: "get",
    path: "/api/v1/trials/{id}/points",
    summary: "The partial-ReLU networks that a trial reached, with what was measured of each.",
    access: "viewer",
    params: idParams,
    answers: {
      200: {
        description: "One for each width; none before its last stage has ended.",
        schema: trialPointsSchema,
        links: { measurePoint: { id: "/items/0/id" } },
      },
    },
    problems: ["not-found"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: { items: await listTrialPoints(deps.control, { identity, id: params.id }) },
    }),
  }),
  ...plain.map(oneTrial),
  route({
    name: "setTrialPriority",
    method: "post",
    path: "/api/v1/trials/{id}/priority",
    summary: "Give what waits of one trial a turn of its own; what runs goes on.",
    access: "member",
    params: idParams,
    body: { type: "json", schema: priorityChangeSchema },
    answers: now,
    problems: ["not-found", "conflict"],
    handle: async ({ deps, identity, params, body }) => ({
      status: 200,
      json: await changeTrial(deps.control, {
        identity,
        trialId: params.id,
        change: { command: "priority", ...body },
      }),
    }),
  }),
  ...plain.map(manyTrials),
  route({
    name: "setPriorityOfTrials",
    method: "post",
    path: "/api/v1/experiments/{id}/trials/priority",
    summary: "Give what waits of the trials that a filter selects a turn of their own.",
    access: "member",
    params: idParams,
    body: { type: "json", schema: trialPrioritySchema },
    answers: changed,
    problems: ["not-found", "conflict"],
    handle: async ({ deps, identity, params, body: { priority, ...filter } }) => ({
      status: 200,
      json: await changeTrials(deps.control, {
        identity,
        experimentId: params.id,
        filter,
        change: { command: "priority", priority },
      }),
    }),
  }),
];
