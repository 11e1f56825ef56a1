import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@reluctant/telemetry";
import { expect, onTestFinished, test } from "vitest";
import { takeHolderName } from "./holder-name.ts";

async function setup() {
  const cacheDir = await mkdtemp(join(tmpdir(), "reluctant-coordinator-"));
  onTestFinished(() => rm(cacheDir, { recursive: true }));
  const lines: string[] = [];
  const log = createLogger({ name: "coordinator", level: "warn" }, { write: (line: string) => void lines.push(line) });
  return {
    cacheDir,
    lines,
    take: (installation = "one") => takeHolderName({ cacheDir, installation, log }),
    /** As if the process that holds the name had died. */
    async die() {
      const folder = join(cacheDir, "coordinators/one");
      const file = join(folder, (await readdir(folder))[0] as string);
      const entry = JSON.parse(await readFile(file, "utf8"));
      await writeFile(file, JSON.stringify({ ...entry, process: { ...entry.process, startTime: "1" } }));
    },
  };
}

test("a coordinator that follows a dead one on its machine has its name; one beside a living one has its own", async () => {
  const { take, die } = await setup();
  const first = await take();
  const beside = await take();
  expect(beside).not.toBe(first);
  await die();
  expect(await take()).toBe(first);
  expect(await take("another")).not.toBe(first);
});

test("without a folder to write in it has a name of its own, and says what that costs", async () => {
  const { cacheDir, take, lines } = await setup();
  await writeFile(join(cacheDir, "coordinators"), "no folder");
  expect(await take()).not.toBe(await take());
  expect(lines[0]).toContain("set RELUCTANT_CACHE");
});
