import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import { stageKinds } from "@reluctant/contracts";
import { listWorkers } from "@reluctant/control";
import { RedisUnavailable } from "@reluctant/queue";
import { type Express, type RequestHandler, Router } from "express";
import type { AppDeps } from "./deps.ts";
import { requireRole } from "./http/auth.ts";
import { noSuchRoute } from "./http/errors.ts";

export const adminPath = "/admin/queues";

/** BullMQ's own view of the queues of every pool: for admins, to look at. Postgres knows better what waits. */
export function queueBoard(deps: AppDeps): Router {
  const server = new ExpressAdapter().setBasePath(adminPath);
  const board = createBullBoard({ queues: [], serverAdapter: server });
  const requireAdmin: RequestHandler = async (request, response, next) => {
    const identity = await requireRole(deps, request, "admin");
    if (request.method !== "GET" && request.method !== "HEAD") return noSuchRoute(request, response, next);
    // Its requests would wait for Redis as long as it is away.
    if (deps.redis.client.status !== "ready") throw new RedisUnavailable();
    const pools = new Set(["default", ...(await listWorkers(deps.control, { identity })).map(({ pool }) => pool)]);
    const queues = [...pools].flatMap((pool) => stageKinds.map((kind) => deps.producer.queue(kind, pool)));
    board.setQueues(queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })));
    next();
  };
  const pages: Express = server.getRouter();
  pages.disable("x-powered-by");
  return Router().use(requireAdmin, pages);
}
