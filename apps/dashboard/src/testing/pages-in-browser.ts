import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { build } from "vite";
import { openBrowser } from "../../../../test/browser.ts";
import { type FixtureOptions, type FixtureServer, startFixtureServer } from "./fixture-server.ts";

/** A page of the dashboard and its API; `mistakes` collects what the page threw, or the policy refused. */
export interface OpenedPage {
  server: FixtureServer;
  page: Page;
  mistakes: string[];
}

/** The built pages in a real browser, against an API that answers from fixtures. */
export async function startPagesInBrowser() {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-dashboard-"));
  const dist = join(folder, "dist");
  await build({ root: join(import.meta.dirname, "../.."), logLevel: "error", build: { outDir: dist, minify: false } });
  const browser = await openBrowser(join(folder, "profile"), null);
  const cleanUps: (() => Promise<unknown>)[] = [];
  return {
    browser,
    async open(change: Partial<FixtureOptions> = {}): Promise<OpenedPage> {
      const server = await startFixtureServer(dist, { loggedIn: true, ...change });
      const page = await browser.newPage();
      const mistakes: string[] = [];
      page.on("pageerror", (error) => mistakes.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" && /Content Security Policy/.test(message.text())) mistakes.push(message.text());
      });
      cleanUps.push(() => page.close(), server.stop);
      return { server, page, mistakes };
    },
    /** Closes the pages that were opened, and their servers. */
    async closePages(): Promise<void> {
      for (const cleanUp of cleanUps.splice(0)) await cleanUp();
    },
    async stop(): Promise<void> {
      await browser.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
