import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@reluctant/telemetry";
import { expect, onTestFinished, test, vi } from "vitest";
import { startPreparing } from "./preparing-process.ts";

/** The compiled one: a process of its own loads no TypeScript. */
const script = new URL("../dist/preparing.js", import.meta.url);

test("a process prepares while its supervisor serves, and what a killed one left is opened or gone on with", async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), "reluctant-preparing-"));
  onTestFinished(() => rm(cacheDir, { recursive: true, force: true }));
  const names: string[] = [];
  const cards: unknown[] = [];
  const start = () =>
    startPreparing({
      script,
      task: { folders: ["glyphs-small"], cacheDir },
      env: process.env,
      catalog: {
        register: async ({ name }) => names.push(name),
        keepCard: async ({ card, sheet }) => cards.push({ ...card, bytes: sheet.length }),
      },
      log: createLogger({ name: "worker", level: "silent" }),
    });
  const first = start();
  await first.opened;
  expect(first.datasets.now).toMatchObject({ datasets: [], preparingDatasets: [{ name: "glyphs-small" }] });
  await vi.waitFor(() => expect(first.datasets.now.preparingDatasets[0]?.step).toBe("decoding"), 30_000);
  first.end();

  const second = start();
  onTestFinished(second.end);
  await second.opened;
  await vi.waitFor(() => expect(second.datasets.now.datasets).toHaveLength(1), 30_000);
  expect(names).toEqual(["glyphs-small"]);
  expect(first.datasets.now.unusableDatasets).toEqual([]);
  expect((await readdir(cacheDir)).sort()).toEqual([...second.datasets.now.datasets, "seen", "turns"]);

  const made = { preparation: { duplicates: [], broken: { images: 0, examples: [] } }, sheet: { rows: 10 } };
  await vi.waitFor(() => expect(cards).toMatchObject([made]), 30_000);

  const third = start();
  onTestFinished(third.end);
  await third.opened;
  expect(third.datasets.now).toMatchObject({ datasets: second.datasets.now.datasets, preparingDatasets: [] });
}, 90_000);
