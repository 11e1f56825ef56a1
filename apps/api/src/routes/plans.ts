import { planSchema } from "@reluctant/contracts";
import { planExperiment } from "@reluctant/control";
import { experimentSpecSchema } from "@reluctant/stages/definitions";
import { route } from "../http/route.ts";

export const planRoutes = [
  route({
    name: "planExperiment",
    method: "post",
    path: "/api/v1/plans",
    summary: "What a spec would run, and what of it is in the store already. Nothing is started or written.",
    access: "viewer",
    body: { type: "json", schema: experimentSpecSchema, problem: "invalid-spec" },
    answers: { 200: { description: "Trials and stage runs.", schema: planSchema } },
    handle: async ({ deps, identity, body: spec }) => ({
      status: 200,
      json: await planExperiment(deps.control, { identity, spec }),
    }),
  }),
];
