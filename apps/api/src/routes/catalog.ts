import { datasetListSchema, modelListSchema } from "@reluctant/contracts";
import { listDatasets, listModels } from "@reluctant/control";
import { route } from "../http/route.ts";

/** What there is to work on and with: lists without parameters. */
export const catalogRoutes = [
  route({
    name: "listDatasets",
    method: "get",
    path: "/api/v1/datasets",
    summary: "Dataset versions, newest first, and what workers found and cannot use.",
    access: "viewer",
    answers: {
      200: {
        description: "All versions that the team may use; `unusable` says what is wrong with others, and the fix.",
        schema: datasetListSchema,
      },
    },
    handle: async ({ deps, identity }) => ({
      status: 200,
      json: await listDatasets(deps.control, { identity }),
    }),
  }),
  route({
    name: "listModels",
    method: "get",
    path: "/api/v1/models",
    summary: "Models with their ReLU layers, parameters and multiply-accumulates.",
    access: "viewer",
    answers: { 200: { description: "All models.", schema: modelListSchema } },
    handle: async () => ({ status: 200, json: { items: listModels() } }),
  }),
];
