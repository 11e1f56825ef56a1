import { sql } from "@reluctant/db";
import { z } from "zod";
import { route } from "../http/route.ts";

const readinessSchema = z.object({ postgres: z.literal("up"), redis: z.enum(["up", "down"]) });

/** What operators and tools ask of a running API. */
export const operationRoutes = [
  route({
    name: "getHealth",
    method: "get",
    path: "/healthz",
    summary: "Whether the process is up, whatever it depends on.",
    access: "open",
    urgent: true,
    answers: { 200: { description: "It is.", schema: z.object({ status: z.literal("up") }) } },
    handle: async () => ({ status: 200, json: { status: "up" } }),
  }),
  route({
    name: "getReadiness",
    method: "get",
    path: "/readyz",
    summary: "Whether requests can be served. Redis is reported, not needed: what is submitted waits in Postgres.",
    access: "open",
    urgent: true,
    answers: { 200: { description: "Postgres answers.", schema: readinessSchema } },
    async handle({ deps }) {
      await deps.control.db.one(sql.ping, {});
      return { status: 200, json: { postgres: "up", redis: deps.redis.client.status === "ready" ? "up" : "down" } };
    },
  }),
  route({
    name: "getMetrics",
    method: "get",
    path: "/metrics",
    summary: "Metrics of this process for Prometheus.",
    access: "viewer",
    urgent: true,
    answers: { 200: { description: "Prometheus' text form.", mediaTypes: ["text/plain"] } },
    handle: async ({ deps: { metrics } }) => ({
      status: 200,
      headers: { "Content-Type": metrics.contentType },
      text: await metrics.text(),
    }),
  }),
];
