import {
  drainRequestSchema,
  nameSchema,
  quarantineRequestSchema,
  workerListSchema,
  workerSchema,
} from "@reluctant/contracts";
import { drainWorker, listWorkers, quarantineWorker, releaseWorker, undrainWorker } from "@reluctant/control";
import { z } from "zod";
import { route } from "../http/route.ts";

const nameParams = z.object({ name: nameSchema });

export const workerRoutes = [
  route({
    name: "listWorkers",
    method: "get",
    path: "/api/v1/workers",
    summary: "Workers and what they do now.",
    access: "viewer",
    answers: { 200: { description: "Workers of the last day.", schema: workerListSchema } },
    handle: async ({ deps, identity }) => ({
      status: 200,
      json: { items: await listWorkers(deps.control, { identity }) },
    }),
  }),
  route({
    name: "drainWorker",
    method: "post",
    path: "/api/v1/workers/{name}/drain",
    summary: "Take a worker out of service: it gets no more work, and what it runs goes on.",
    access: "admin",
    params: nameParams,
    body: { type: "json", schema: drainRequestSchema },
    answers: { 200: { description: "The worker as it is now.", schema: workerSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params, body }) => ({
      status: 200,
      json: await drainWorker(deps.control, { identity, ...params, ...body }),
    }),
  }),
  route({
    name: "undrainWorker",
    method: "post",
    path: "/api/v1/workers/{name}/undrain",
    summary: "Put a drained worker back into service.",
    access: "admin",
    params: nameParams,
    answers: { 200: { description: "The worker as it is now.", schema: workerSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await undrainWorker(deps.control, { identity, ...params }),
    }),
  }),
  route({
    name: "quarantineWorker",
    method: "post",
    path: "/api/v1/workers/{name}/quarantine",
    summary: "Give a worker no work for a time, or until it is released; what it runs goes on.",
    access: "admin",
    params: nameParams,
    body: { type: "json", schema: quarantineRequestSchema },
    answers: { 200: { description: "The worker as it is now.", schema: workerSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params, body }) => ({
      status: 200,
      json: await quarantineWorker(deps.control, { identity, ...params, ...body }),
    }),
  }),
  route({
    name: "releaseWorker",
    method: "post",
    path: "/api/v1/workers/{name}/release",
    summary: "End a worker's quarantine; what failed there before counts no more.",
    access: "admin",
    params: nameParams,
    answers: { 200: { description: "The worker as it is now.", schema: workerSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params }) => ({
      status: 200,
      json: await releaseWorker(deps.control, { identity, ...params }),
    }),
  }),
];
