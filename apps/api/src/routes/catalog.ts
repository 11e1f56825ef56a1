import {
  datasetDetailSchema,
  datasetListSchema,
  datasetPushAnswerSchema,
  datasetPushSchema,
  modelListSchema,
} from "@reluctant/contracts";
import { getDataset, getDatasetSheet, listDatasets, listModels, pushDataset } from "@reluctant/control";
import { z } from "zod";
import { route } from "../http/route.ts";

const datasetParams = z.object({ dataset: z.string().min(1).max(200) });

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What there is to work on and with: the data sets, and the models. */
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
    name: "pushDataset",
    method: "post",
    path: "/api/v1/datasets",
    summary: "Offer a prepared data set, whose shards are artifacts, to all workers.",
    access: "admin",
    body: { type: "json", schema: datasetPushSchema },
    answers: {
      200: {
        description: "The data set is pushed; or, while some shards are missing, nothing is changed.",
        schema: datasetPushAnswerSchema,
      },
    },
    handle: async ({ deps, identity, body }) => ({
      status: 200,
      json: await pushDataset(deps.control, { identity, push: body }),
    }),
  }),
  route({
    name: "getDataset",
    method: "get",
    path: "/api/v1/datasets/{dataset}",
    summary:
      "A dataset by name, or name@version, with its card: classes, what was left out, and what two splits share.",
    access: "viewer",
    params: datasetParams,
    answers: {
      200: { description: "The dataset; its card is null before a worker has made it.", schema: datasetDetailSchema },
    },
    problems: ["not-found"],
    handle: async ({ deps, identity, params: { dataset } }) => ({
      status: 200,
      json: await getDataset(deps.control, { identity, dataset }),
    }),
  }),
  route({
    name: "getDatasetSheet",
    method: "get",
    path: "/api/v1/datasets/{dataset}/sheet",
    summary: "The samples on a dataset's card, a row for each of its first classes.",
    access: "viewer",
    params: datasetParams,
    answers: { 200: { description: "A picture.", mediaTypes: ["image/webp"] } },
    problems: ["not-found"],
    async handle({ deps, identity, params: { dataset } }) {
      const { version, sheet } = await getDatasetSheet(deps.control, { identity, dataset });
      const headers = { "Content-Type": "image/webp", "Content-Length": String(sheet.length), ETag: `"${version}"` };
      return { status: 200, headers: { ...headers, "Cache-Control": "private, no-cache" }, stream: once(sheet) };
    },
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
