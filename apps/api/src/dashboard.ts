import { existsSync } from "node:fs";
import { join } from "node:path";
import express, { type RequestHandler, Router } from "express";
import { noSuchRoute } from "./http/errors.ts";

const notBuilt = "The dashboard is not built. Run `npm run build`, then reload this page.\n";

/** The built dashboard: its files, and its page for every other address that a browser opens. */
export function dashboard(folder: string): Router {
  const page = join(folder, "index.html");
  const sendPage: RequestHandler = (request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") return next();
    if (!existsSync(page)) return void response.status(503).type("text/plain").send(notBuilt);
    if (!request.accepts("html")) return next();
    response.set("Cache-Control", "no-cache").sendFile(page, { dotfiles: "allow" });
  };
  const router = Router();
  // Vite names these files by their content.
  router.use(
    "/assets",
    express.static(join(folder, "assets"), { immutable: true, maxAge: "1y", index: false }),
    noSuchRoute,
  );
  router.use(express.static(folder, { index: false }));
  router.use(sendPage);
  return router;
}
