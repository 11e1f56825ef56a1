import express, { type Express } from "express";
import helmet from "helmet";
import { adminPath, queueBoard } from "./admin.ts";
import { dashboard } from "./dashboard.ts";
import { observeDemand } from "./demand-metrics.ts";
import type { AppDeps } from "./deps.ts";
import { noSuchRoute, sendProblem } from "./http/errors.ts";
import { mount } from "./http/mount.ts";
import { requestLog } from "./http/request-log.ts";
import { timeLimit } from "./http/time-limit.ts";
import { routes } from "./routes/index.ts";

/** Builds the API and the dashboard's host. It does not listen, and opens nothing: what it needs is handed in. */
export function createApp(deps: AppDeps): Express {
  observeDemand(deps.metrics, deps.control);
  const app = express();
  app.disable("x-powered-by");
  app.use(requestLog(deps.logger, deps.metrics));
  app.use(timeLimit(deps.limits.requestMs));
  app.use(adminPath, securityHeaders(deps, ["'self'", "'unsafe-inline'"]), queueBoard(deps)); // its page has inline styles
  app.use(securityHeaders(deps, ["'self'"]));
  app.use(mount(deps, routes));
  app.use(["/api", "/admin"], noSuchRoute);
  app.use(dashboard(deps.dashboard));
  app.use(noSuchRoute);
  app.use(sendProblem);
  return app;
}

/** Everything comes from our own origin; nothing may frame us. */
const securityHeaders = ({ publicUrl }: AppDeps, styleSrc: string[]) =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc,
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: publicUrl?.protocol === "https:" ? undefined : false,
    referrerPolicy: { policy: "no-referrer" },
  });
