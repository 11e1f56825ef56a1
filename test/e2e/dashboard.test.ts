import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "../browser.ts";
import { type Cluster, images, startCluster, until } from "../cluster.ts";

const screenshots = join(import.meta.dirname, "results");
const profile = mkdtempSync(join(tmpdir(), "reluctant-browser-"));
let cluster: Cluster;
let browser: BrowserContext;
let page: Page;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  cluster = await startCluster();
  browser = await openBrowser(profile);
  page = await browser.newPage();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
  rmSync(profile, { recursive: true, force: true });
});

/** Points of the loss curve, which the chart states for screen readers: `Loss over 120 steps: …`. */
async function shownPoints(): Promise<number> {
  const label = await page
    .getByRole("img", { name: /^Loss over/ })
    .first()
    .getAttribute("aria-label");
  return Number(/over (\d+) steps/.exec(label ?? "")?.[1] ?? 0);
}

describe("the dashboard", { timeout: 240_000 }, () => {
  it("shows a running experiment live, across a killed API, with no event missing", async () => {
    await page.goto(cluster.stack.credentials?.loginLink as string);
    await page.getByRole("heading", { name: "Experiments", exact: true }).waitFor();
    expect(page.url()).not.toContain("login=");

    const id = await cluster.submit({
      name: "seen live",
      until: "train",
      budgets: undefined,
      settings: { train: { length: images(12_800) } },
    });
    await page.getByRole("link", { name: "seen live" }).click();
    const first = await until("the curve has points", 60, async () =>
      (await shownPoints()) > 2 ? shownPoints() : undefined,
    );
    await until("the curve gains points without a reload", 60, async () =>
      (await shownPoints()) > first ? true : undefined,
    );

    await cluster.stack.part("api").kill("SIGKILL");
    const before = await shownPoints();
    await cluster.stack.part("api").restart();
    await until("the curve goes on", 60, async () => ((await shownPoints()) > before ? true : undefined));
    await page.screenshot({ path: join(screenshots, "experiment.png"), fullPage: true });

    expect((await cluster.ended(id)).state).toBe("finished");
    await page.getByText("finished").first().waitFor();
    const { events } = await cluster.client.experiments.history(id);
    const listed = await until("the history is complete", 30, async () => {
      const count = await page.locator(".history li").count();
      return count >= events.length ? count : undefined;
    });
    expect(listed).toBe(events.length);

    await page.goto(`${cluster.stack.address}/frontier?dataset=glyphs-small&model=resnet8`);
    await page.locator("main svg").first().waitFor();
    await page.screenshot({ path: join(screenshots, "frontier.png"), fullPage: true });
  });
});
