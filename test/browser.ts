import { type BrowserContext, chromium, type ViewportSize } from "playwright-core";

const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const usual = { width: 1440, height: 900 };

/** A real browser with a profile in this folder, which asks nothing of the network by itself. `viewport`: null for the window's own. */
export const openBrowser = (profile: string, viewport: ViewportSize | null = usual): Promise<BrowserContext> =>
  chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    viewport,
    args: quiet,
  });
