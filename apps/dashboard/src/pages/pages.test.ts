import type { Trial } from "@reluctant/contracts";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { loginLink } from "../testing/fixture-server.ts";
import { experiment, trialIn, trials, uuid } from "../testing/fixtures.ts";
import { startPagesInBrowser } from "../testing/pages-in-browser.ts";

/** The built pages in a real browser, against an API that answers from fixtures. */

vi.setConfig({ testTimeout: 40_000 }); // a browser beside other tests on two cores

/** The one of SENet at 18,841 ReLUs, seed 1. */
const trial = trials[2] as Trial;

let pages: Awaited<ReturnType<typeof startPagesInBrowser>>;

beforeAll(async () => {
  pages = await startPagesInBrowser();
}, 60_000);
afterEach(() => pages.closePages());
afterAll(() => pages?.stop());

test("without a session the page explains itself; a link logs in and leaves the address", async () => {
  const { server, page } = await pages.open({ loggedIn: false });
  await page.goto(server.url);
  await page.getByText("npm start").waitFor();
  await page.getByLabel("Login link").fill("nonsense");
  await page.getByRole("button", { name: "Log in" }).click();
  expect(await page.getByRole("alert").textContent()).toContain("no login link");
  await page.goto(`${server.url}/#login=${loginLink}`);
  await page.getByRole("heading", { name: "Experiments" }).waitFor();
  expect(page.url()).toBe(`${server.url}/`);
});

test("the curve gains points without a reload, and the history misses nothing when the stream drops", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  const loss = (steps: number) => page.getByRole("img", { name: `Loss over ${steps} steps` });
  await loss(107).waitFor();
  server.advance(1_200);
  await loss(121).waitFor();
  const before = await page.locator(".history li").count();
  server.dropStreams();
  server.advance(1_300);
  await loss(131).waitFor();
  await expect.poll(() => page.locator(".history li").count()).toBe(before + 1);
  expect(mistakes).toEqual([]);
});

test("cancelling says what it stops and wants the name", async () => {
  const { server, page } = await pages.open();
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  await page.getByRole("button", { name: "Cancel…" }).click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.textContent()).toContain(`Stops ${experiment.progress.active} running stages`);
  const confirm = dialog.getByRole("button", { name: "Cancel the experiment" });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByRole("textbox").fill(experiment.name);
  expect(await confirm.isEnabled()).toBe(true);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
});

test("an experiment is paused and resumed, and what waits of it says why", async () => {
  const { server, page, mistakes } = await pages.open();
  const waits = experiment.stageRuns.find(({ state }) => state === "ready");
  await page.goto(`${server.url}/experiments/${experiment.id}?run=${waits?.id}`);
  const reason = page.locator("section .waits");
  await page.getByText("Waits: 12 others of its kind").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  expect(await page.locator(".experiment-head").textContent()).toContain("paused by ana");
  await page.getByText("Waits: every experiment that needs it is paused.").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  expect(await reason.isVisible()).toBe(true);
  expect(mistakes).toEqual([]);
});

test("one trial is paused, resumed and given another priority, by its row and on its page", async () => {
  const { server, page, mistakes } = await pages.open();
  const waits = trialIn("waiting");
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  await page.getByText(/^Pause, cancel, retry or prioritize \d+ trials alone$/).click();
  const row = page.locator(".trial-list tr", { has: page.locator(`a[href="/trials/${waits.id}"]`) });
  await row.getByRole("button", { name: /^Pause/ }).click();
  await row.getByText("paused").waitFor();
  await row.getByRole("combobox").selectOption("high");
  await expect.poll(() => row.getByRole("combobox").inputValue(), { timeout: 10_000 }).toBe("high");
  await row.getByRole("link").click();
  await page.locator(".head .state", { hasText: "paused" }).waitFor();
  await page.getByRole("button", { name: /^Resume/ }).click();
  await page.locator(".head .state", { hasText: "waiting" }).waitFor();
  expect(mistakes).toEqual([]);
});

test("who may only read is offered nothing to change", async () => {
  const { server, page } = await pages.open({ role: "viewer" });
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  await page.getByRole("heading", { name: "History" }).waitFor();
  await page.locator("a.cell").first().waitFor();
  expect(await page.getByRole("button", { name: /^(Pause|Cancel)/ }).count()).toBe(0);
  expect(await page.getByText(/trials? alone$/).count()).toBe(0);
  await page.goto(`${server.url}/trials/${trialIn("waiting").id}`);
  await page.getByText("The masks come when the search has ended.").waitFor();
  expect(await page.getByRole("button", { name: /^Pause/ }).count()).toBe(0);
});

test("a trial shows three bars a layer, its history, lineage and downloads, and is opened by its cell", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  const cell = page.locator(`a.cell[href="/trials/${trial.id}"]`);
  await cell.click();
  await page.getByRole("heading", { name: "senet · 18,841 · seed 1" }).waitFor();
  await page.locator(".layers .heat-map").first().waitFor();
  expect(await page.locator(".layers li").count()).toBe(19);
  expect(await page.locator(".layers .heat-map").count()).toBe(19);
  const first = page.locator(".layers li").first();
  expect(await first.textContent()).toMatch(/^relu1 32 × 32 × 16sensitivity 1.6 %\d+ of 16,384 kept, /);
  await page.getByRole("img", { name: "Units exchanged over 40 steps" }).waitFor();
  await page.getByRole("img", { name: "19 layers over 40 updates" }).waitFor();
  const lineage = page.locator("section", { has: page.getByRole("heading", { name: "Lineage" }) });
  expect(await lineage.locator("tbody tr").count()).toBe(4);
  expect(await page.locator(".facts").textContent()).toContain("Gradientcross-entropy 8 %, divergence 71 %, PRAM 21 %");
  expect(await page.locator('a[href^="/api/v1/artifacts/"]').count()).toBe(5);
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the maps as SVG" }).click();
  expect((await saved).suggestedFilename()).toBe("masks.svg");
  expect(mistakes).toEqual([]);
});

test("a trial that waits shows what is known, and one that is not there says so", async () => {
  const { server, page } = await pages.open();
  const waiting = trialIn("waiting");
  await page.goto(`${server.url}/trials/${waiting.id}`);
  await page.getByText("The masks come when the search has ended.").waitFor();
  await page.goto(`${server.url}/trials/${uuid(9_999)}`);
  expect(await page.getByRole("alert").textContent()).toContain(uuid(9_999));
});

test("the frontier shows a card on hover, zooms by a drag, and opens the trial by a click", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.goto(`${server.url}/frontier`);
  const point = page.locator('circle[aria-label^="senet, 18,841"]');
  await point.hover({ force: true });
  expect(await page.locator(".card").textContent()).toContain("18,841 (10.0 %)");
  const { x, y } = (await point.boundingBox()) as { x: number; y: number };
  await page.mouse.move(x - 120, y - 60);
  await page.mouse.down();
  await page.mouse.move(x + 120, y + 60);
  await page.mouse.up();
  await page.getByRole("button", { name: "Show all" }).click();
  await point.click({ force: true });
  await page.waitForURL(`**/trials/${trial.id}`);
  expect(mistakes).toEqual([]);
});

test("keys go to pages, to the search and to the help, but not while typing", async () => {
  const { server, page } = await pages.open();
  await page.goto(server.url);
  await page.getByRole("link", { name: experiment.name, exact: true }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("gf?");
  expect(new URL(page.url()).search).toBe("?search=gf%3F");
  await page.getByText("No experiment matches").waitFor();
  await page.locator("h1").click();
  await page.keyboard.type("gf");
  await page.getByRole("heading", { name: "Frontier" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
});

test("the workers page says which worker is drained, and why", async () => {
  const { server, page } = await pages.open();
  await page.goto(`${server.url}/workers`);
  const row = page.locator("tr", { hasText: "gpu-4 by admin: fan broken" });
  await row.waitFor();
  expect(await row.getByText("drained", { exact: true }).isVisible()).toBe(true);
});

test("the frontier is drawn over a measured cost by keyboard, in the setting that is chosen, and keeps it in the address", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.goto(`${server.url}/frontier`);
  const points = page.locator("figure circle[aria-label]");
  await page.getByRole("radio", { name: "ReLUs" }).focus();
  await page.keyboard.press("ArrowRight");
  expect(await page.getByRole("radio", { name: "Online latency" }).isChecked()).toBe(true);
  await expect.poll(() => points.count()).toBe(4);
  expect(await points.first().getAttribute("aria-label")).toMatch(
    /^senet, [\d.]+ ms, [\d,]+ ReLUs, [\d.]+ %(, disturbed)?$/,
  );
  expect(await page.locator("main").textContent()).toMatch(
    /DELPHI, ReLUs by garbled circuits, lan.*26 networks were not measured so/,
  );
  await page.getByLabel("Setting of the measurements").selectOption({ index: 1 });
  await page.getByText("DELPHI, ReLUs by GMW, lan, 1 thread a party", { exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get("setting")).toContain("gmw");
  await page.reload();
  await page.getByText("DELPHI, ReLUs by GMW, lan, 1 thread a party", { exact: true }).waitFor();
  expect(mistakes).toEqual([]);
});

test("on a narrow screen a tap shows a point's card in its whole width, and another opens the trial", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.setViewportSize({ width: 390, height: 900 });
  await page.goto(`${server.url}/frontier?axis=online-latency`);
  const finger = await pages.browser.newCDPSession(page);
  await finger.send("Emulation.setTouchEmulationEnabled", { enabled: true });
  const tap = async ({ x, y }: { x: number; y: number }) => {
    await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
    await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  const point = page.locator("figure circle[aria-label]").first();
  await point.scrollIntoViewIfNeeded();
  const at = (await point.boundingBox()) as { x: number; y: number; width: number; height: number };
  const middle = { x: at.x + at.width / 2, y: at.y + at.height / 2 };
  await tap(middle);
  const card = await page.locator(".card").boundingBox();
  expect(card?.x).toBeGreaterThanOrEqual(0);
  expect((card?.x ?? 0) + (card?.width ?? 390)).toBeLessThanOrEqual(390);
  await tap(middle);
  await page.getByRole("heading", { name: /^senet · [\d,]+ · seed 1$/ }).waitFor();
  expect(mistakes).toEqual([]);
});

const paths = [
  "/",
  `/experiments/${experiment.id}`,
  `/trials/${trial.id}`,
  "/frontier",
  "/frontier?axis=total",
  "/workers",
  "/nowhere",
];

/** Names and reasons as long as they may be, without a place to break. */
const long = (json: string) =>
  json
    .replaceAll(experiment.name, "n".repeat(100))
    .replaceAll("gpu-1", "w".repeat(60))
    .replaceAll("loss is not finite", "r".repeat(2_000));

test.each([
  ["as they are", (json: string) => json],
  ["with long names", long],
])("no page goes sideways at 390, 800 and 1,440 pixels, %s", async (_, rewrite) => {
  const { server, page } = await pages.open({ rewrite });
  const expectFits = async (what: string) => {
    for (const width of [390, 800, 1_440]) {
      await page.setViewportSize({ width, height: 900 });
      // A drawing takes its new width a moment after the page does.
      const beyond = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await expect.poll(beyond, { message: `${what} at ${width} pixels` }).toBe(0);
    }
  };
  for (const path of paths) {
    await page.goto(server.url + path);
    await page.locator("main table, main details, main .note").first().waitFor({ state: "attached" });
    await expectFits(path);
  }
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByRole("dialog").waitFor();
  await expectFits("the dialog");
});

test("a page whose code does not come says so, and the others stay within reach", async () => {
  const { server, page } = await pages.open();
  await page.goto(server.url);
  await page.getByRole("link", { name: experiment.name, exact: true }).waitFor();
  await page.route("**/assets/**", (route) => route.abort());
  await page.getByRole("link", { name: "Frontier" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
  await page.getByRole("link", { name: "Workers" }).click();
  await page.getByRole("heading", { name: "Workers" }).waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("the login page does not go sideways on a phone", async () => {
  const { server, page } = await pages.open({ loggedIn: false });
  await page.setViewportSize({ width: 390, height: 900 });
  await page.goto(server.url);
  await page.getByLabel("Login link").waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
});

test("a stage is named in full, and its name is not cut where it stands", async () => {
  const { server, page } = await pages.open();
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  const name = "Mask search, uniform-random · 18,841 ReLUs · seed 2: waiting for a GPU";
  const box = page.getByRole("button", { name, exact: true });
  expect(await box.getAttribute("title")).toContain(name);
  const cut = await page
    .locator(".graph .box > *")
    .evaluateAll((texts) =>
      texts.filter((text) => text.scrollWidth > text.clientWidth).map((text) => text.textContent),
    );
  expect(cut).toEqual([]);
});

test("on a phone stages unfold to their runs, and one curve is drawn over a key for each", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.setViewportSize({ width: 390, height: 900 });
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  const summary = page.locator(".stage-list summary", { hasText: "Mask search" });
  expect(await summary.textContent()).toBe("Mask search 1 failed, 8 done, 1 running, 6 waiting for a GPU");
  await summary.click();
  await page.getByRole("button", { name: /^Mask search, senet · 18,841 ReLUs · seed 1: / }).click();
  await page.getByRole("heading", { name: "Mask search, senet · 18,841 ReLUs · seed 1" }).waitFor();
  const keys = page.getByRole("group", { name: "Curves" }).getByRole("button");
  await keys.first().waitFor();
  expect(await page.locator(".charts .chart").count()).toBe(1);
  const titles = await keys.locator("b").allTextContents();
  expect(titles.slice(0, 3)).toEqual(["Loss", "Accuracy", "Images per second"]);
  await keys.nth(1).click();
  await page.getByRole("img", { name: /^Accuracy over / }).waitFor();
  await page.setViewportSize({ width: 1_440, height: 900 });
  await expect.poll(() => page.locator(".charts .chart").count()).toBe(titles.length);
  expect(mistakes).toEqual([]);
});

test("characters that turn the writing or act on a terminal are shown, in names, reasons and events", async () => {
  const evil = "\\u001b]52;c;x\\u0007\u202egpj.exe";
  const shown = "\\x1b]52;c;x\\x07\\u202egpj.exe";
  const { server, page } = await pages.open({
    rewrite: (json) =>
      json.replaceAll(experiment.name, evil).replaceAll("gpu-1", evil).replaceAll("loss is not finite", evil),
  });
  for (const path of paths.slice(0, 5)) {
    await page.goto(server.url + path);
    await page.locator("main table, main details").first().waitFor({ state: "attached" });
    const text = (await page.locator("body").textContent()) ?? "";
    expect(text).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
    if (path === "/" || path === "/workers") expect(text).toContain(shown);
  }
  await page.goto(`${server.url}/experiments/${experiment.id}`);
  await page.getByRole("heading", { name: shown }).waitFor();
  await page.getByText(`attempt 2 resumed at step 1,240 on ${shown}`).waitFor();
});

test("data sets that cannot be used are told where one is chosen", async () => {
  const { server, page } = await pages.open();
  await page.goto(`${server.url}/frontier`);
  await page.getByText("1 data set cannot be used").click();
  const told = await page.locator(".unusable dl").textContent();
  expect(told).toContain("tiny-imagenet on gpu-1, gpu-2/data/tiny-imagenet-200: holds both val and test");
  expect(told).toContain("To mend it: keep the one to report on");
});

test("data sets show how far they are prepared, and a card its classes, samples and checks", async () => {
  const { server, page, mistakes } = await pages.open();
  await page.goto(`${server.url}/datasets`);
  expect(await page.getByLabel("Being prepared").textContent()).toContain("preparing 43 %");
  expect(await page.getByText("1 data set cannot be used").isVisible()).toBe(true);
  await page.getByRole("link", { name: "cifar10" }).click();
  await page.getByText("3 images of train are in test, too").click();
  expect(await page.getByText("train/class 1/a.png = test/class 1/b.png").isVisible()).toBe(true);
  await page.getByText("1 broken image left out").click();
  expect(await page.getByText("/data/cut.png: not a readable image").isVisible()).toBe(true);
  expect(await page.getByRole("img", { name: /^samples of / }).count()).toBe(2);
  await page.getByText("8 more classes").click();
  expect(await page.getByRole("cell", { name: "class 9" }).isVisible()).toBe(true);
  await page.setViewportSize({ width: 360, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(mistakes).toEqual([]);
});
