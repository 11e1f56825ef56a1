import type { Route } from "../http/route.ts";
import { artifactRoutes } from "./artifacts.ts";
import { attemptRoutes } from "./attempts.ts";
import { catalogRoutes } from "./catalog.ts";
import { eventRoutes } from "./events.ts";
import { experimentRoutes } from "./experiments.ts";
import { frontierRoutes } from "./frontiers.ts";
import { openApiRoute } from "./openapi.ts";
import { operationRoutes } from "./operations.ts";
import { planRoutes } from "./plans.ts";
import { sessionRoutes } from "./session.ts";
import { stageRunRoutes } from "./stage-runs.ts";
import { teamRoutes } from "./teams.ts";
import { tokenRoutes } from "./tokens.ts";
import { trialRoutes } from "./trials.ts";
import { workerRoutes } from "./workers.ts";

const describedRoutes: Route[] = [
  ...experimentRoutes,
  ...planRoutes,
  ...eventRoutes,
  ...trialRoutes,
  ...stageRunRoutes,
  ...attemptRoutes,
  ...frontierRoutes,
  ...artifactRoutes,
  ...catalogRoutes,
  ...workerRoutes,
  ...sessionRoutes,
  ...tokenRoutes,
  ...teamRoutes,
  ...operationRoutes,
];

/** Every route of the API: what is not here is neither served nor documented. */
export const routes: Route[] = [...describedRoutes, openApiRoute(describedRoutes)];
