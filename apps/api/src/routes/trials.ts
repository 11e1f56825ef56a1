import { trialSchema } from "@reluctant/contracts";
import { getTrial } from "@reluctant/control";
import { idParams } from "../http/parameters.ts";
import { route } from "../http/route.ts";

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
];
