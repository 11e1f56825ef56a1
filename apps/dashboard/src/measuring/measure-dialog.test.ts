import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { experiments, trials } from "../testing/fixtures.ts";
import { startPagesInBrowser } from "../testing/pages-in-browser.ts";

vi.setConfig({ testTimeout: 40_000 }); // a browser beside other tests on two cores

let pages: Awaited<ReturnType<typeof startPagesInBrowser>>;
beforeAll(async () => {
  pages = await startPagesInBrowser();
}, 60_000);
afterEach(() => pages.closePages());
afterAll(() => pages?.stop());

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** SENet at 18,841 ReLUs, seed 1. */
const trialPath = `/trials/${trials[2]?.id}`;

test("a trial's network is measured by keyboard: its fault stands beside its field, its answer is a link away", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.goto(server.url + trialPath);
  const action = page.getByRole("button", { name: "Measure…" });
  await action.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Measure private inference" });
  await dialog.getByLabel("Images of one inference").fill("2");
  await page.keyboard.press("Enter");
  await dialog.getByText("5 samples are no whole number of batches of 2").waitFor();
  const batch = dialog.getByLabel("Images of one inference");
  expect(await batch.getAttribute("aria-invalid")).toBe("true");
  expect(await batch.evaluate((input) => input.nextElementSibling?.textContent)).toContain(
    "no whole number of batches",
  );
  await batch.fill("5");
  await page.keyboard.press("Enter");
  const answer = dialog.getByRole("link", { name: experiments[0]?.name as string });
  await answer.waitFor();
  expect(await answer.evaluate((link) => link === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/experiments/${experiments[0]?.id}`);
  expect(mistakes).toEqual([]);
});

test("what is asked changes with its system, and Escape leaves it and gives the focus back", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.goto(server.url + trialPath);
  const action = page.getByRole("button", { name: "Measure…" });
  await action.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Measured before, and not measured again: 1 of 1.").waitFor();
  await dialog.getByLabel("System").selectOption("cheetah");
  await dialog.getByText("1 measurement as Cheetah computes").waitFor();
  expect(await dialog.getByRole("checkbox", { name: "GMW" }).isChecked()).toBe(true);
  expect(await dialog.getByRole("checkbox", { name: "garbled circuits" }).count()).toBe(0);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  expect(await action.evaluate((button) => button === document.activeElement)).toBe(true);
  expect(mistakes).toEqual([]);
});

test("a trial tells what was measured of its network", async () => {
  const { server, page } = await pages.open();
  await page.goto(server.url + trialPath);
  const section = page.locator("section", { has: page.getByRole("heading", { name: "Private inference" }) });
  await section.locator("tbody tr").first().waitFor();
  expect(await section.locator("tbody tr").allTextContents()).toEqual([
    expect.stringMatching(/^DELPHI, ReLUs by garbled circuits, lan, 1 thread a partyAMD EPYC.*[\d.]+ ms, [\d.]+ MB/),
    expect.stringMatching(/^DELPHI, ReLUs by GMW, lan, 1 thread a party/),
  ]);
});

test("a point's card at the frontier leads to it, for one of the point's seeds, and the plot behind it stays as it is", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.goto(`${server.url}/frontier`);
  const point = page.locator('circle[aria-label^="senet, 18,841"]');
  await point.hover({ force: true });
  const from = (await point.boundingBox()) as Box;
  const action = (await page.getByRole("button", { name: "Measure private inference…" }).boundingBox()) as Box;
  // Its end beside the point: what is farther lies behind other points.
  const x = from.x < action.x ? action.x + 8 : action.x + action.width - 8;
  await page.mouse.move(x, action.y + action.height / 2, { steps: 10 });
  await page.mouse.down();
  await page.mouse.up();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  expect(await dialog.getByLabel("Seed").locator("option").allTextContents()).toEqual(["1", "2", "3"]);
  expect(new URL(page.url()).pathname).toBe("/frontier");
  await page.setViewportSize({ width: 390, height: 800 });
  await page.waitForFunction(() => document.documentElement.scrollWidth === innerWidth); // the plot follows a frame later
  expect(await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  expect(mistakes).toEqual([]);
});

test("who may only read is not offered to measure", async () => {
  const { server, page } = await pages.open({ role: "viewer" });
  await page.goto(server.url + trialPath);
  await page.getByRole("heading", { name: "Private inference" }).waitFor();
  expect(await page.getByRole("button", { name: "Measure…" }).count()).toBe(0);
  await page.goto(`${server.url}/frontier`);
  await page.locator('circle[aria-label^="senet, 18,841"]').hover({ force: true });
  await page.locator(".card").waitFor();
  expect(await page.locator(".card button").count()).toBe(0);
});
