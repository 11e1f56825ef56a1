import { logPageSchema } from "@reluctant/contracts";
import { readLog } from "@reluctant/control";
import { z } from "zod";
import { idParams, integerParameter } from "../http/parameters.ts";
import { route } from "../http/route.ts";

const logQuery = z.object({
  offset: integerParameter().default(0),
  limit: integerParameter({ min: 1, max: 1_048_576 }).default(65_536),
});

export const attemptRoutes = [
  route({
    name: "readLog",
    method: "get",
    path: "/api/v1/attempts/{id}/log",
    summary: "A piece of an attempt's log from a byte offset, at most limit bytes.",
    access: "viewer",
    params: idParams,
    query: logQuery,
    answers: { 200: { description: "The text, and where to read on.", schema: logPageSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params, query }) => ({
      status: 200,
      json: await readLog(deps.control, { identity, attemptId: params.id, ...query }),
    }),
  }),
];
