import { frontierAxes, frontierSchema, frontierSelections, nameSchema } from "@reluctant/contracts";
import { getFrontier } from "@reluctant/control";
import { z } from "zod";
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
];
