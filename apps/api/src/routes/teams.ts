import { nameSchema, shareChangeSchema, teamShareListSchema, teamShareSchema } from "@reluctant/contracts";
import { changeTeamShare, listTeamShares } from "@reluctant/control";
import { z } from "zod";
import { route } from "../http/route.ts";

export const teamRoutes = [
  route({
    name: "listTeamShares",
    method: "get",
    path: "/api/v1/teams",
    summary: "Weights, quotas and use of teams: an admin sees all, others their own.",
    access: "viewer",
    answers: { 200: { description: "Teams by name.", schema: teamShareListSchema } },
    handle: async ({ deps, identity }) => ({
      status: 200,
      json: { items: await listTeamShares(deps.control, { identity }) },
    }),
  }),
  route({
    name: "changeTeamShare",
    method: "post",
    path: "/api/v1/teams/{name}",
    summary: "Give a team another weight or quota, from the next dispatch on.",
    access: "admin",
    params: z.object({ name: nameSchema }),
    body: { type: "json", schema: shareChangeSchema },
    answers: { 200: { description: "Its share as it is now.", schema: teamShareSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params, body: change }) => ({
      status: 200,
      json: await changeTeamShare(deps.control, { identity, ...params, change }),
    }),
  }),
];
