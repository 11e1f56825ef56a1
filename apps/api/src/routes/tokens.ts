import { tokenRequestSchema, tokenSchema } from "@reluctant/contracts";
import { createToken } from "@reluctant/control";
import { route } from "../http/route.ts";

export const tokenRoutes = [
  route({
    name: "createToken",
    method: "post",
    path: "/api/v1/tokens",
    summary: "Make a bearer token for one's team. It is shown this once.",
    access: "admin",
    body: { type: "json", schema: tokenRequestSchema },
    answers: { 201: { description: "The token.", schema: tokenSchema } },
    handle: async ({ deps, identity, body }) => ({
      status: 201,
      json: await createToken(deps.control, { team: identity.team, ...body, actor: identity }),
    }),
  }),
];
