import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cluster, startCluster } from "../cluster.ts";

const comparison = `
title: Small
common: { dataset: glyphs-small, model: resnet8, recipe: debug, arSeed: 1, seeds: [1], budgets: ["10%", "5%"] }
groups:
  - title: Two methods
    plot: true
    experiments:
      - { methods: senet }
      - { methods: uniform-random }
`;

let cluster: Cluster;
let folder: string;
beforeAll(async () => {
  [cluster, folder] = await Promise.all([startCluster(), mkdtemp(join(tmpdir(), "reluctant-compare-"))]);
  await writeFile(join(folder, "small.yaml"), comparison);
});
afterAll(() => Promise.all([cluster?.stop(), rm(folder, { recursive: true })]));

const main = join(import.meta.dirname, "../../apps/cli/dist/main.js");
const compare = (): ChildProcess =>
  spawn(process.execPath, [main, "compare", "small.yaml", "--out", "results"], {
    cwd: folder,
    env: {
      ...process.env,
      RELUCTANT_URL: cluster.stack.address,
      RELUCTANT_TOKEN: cluster.stack.credentials?.token,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
const ended = async (child: ChildProcess) => {
  child.stdout?.resume();
  return (await once(child, "close"))[0] as number | null;
};
const written = (name: string) => readFile(join(folder, "results", name), "utf8");

it("a comparison that was cut off goes on with the experiments that it had submitted", async () => {
  const first = compare();
  await cluster.moment("the AR model trains", "select 1 from attempt where state = 'running'");
  first.kill("SIGKILL");
  const [cancelled] = (await cluster.client.experiments.list()).items;
  await cluster.client.experiments.cancel(cancelled?.id as string);

  const second = compare();
  const said: string[] = [];
  second.stdout?.on("data", (bytes) => said.push(String(bytes)));
  expect(await ended(second)).toBe(0);
  // Nobody sits at a terminal: a line now and then, not only when a stage ends.
  expect(said.join("")).toMatch(/^(train|sensitivity|mask-search|distillation) .*(\d %|starting)[^\n]*\n(.*\n)*done /m);
  expect(said.join("")).not.toContain("\u001b");
  const page = await written("small.md");
  expect(page).toMatch(/^\| SENet \| \d+\.\d\d \| \d+\.\d\d \|/m);
  expect(page).toMatch(/^\| Uniform random \| \d+\.\d\d \| \d+\.\d\d \|/m);
  expect(page).toContain("(small-two-methods.svg)");
  expect(
    (await written("small-two-methods.svg")).match(/<circle[^>]* aria-label="(senet|uniform-random), /g),
  ).toHaveLength(4);

  // Specs were stored with a lone seed as a number once, which is refused in a new one.
  await cluster.sql("update spec_revision set spec = jsonb_set(spec, '{seeds}', '1')");
  await cluster.sql("delete from idempotency_key"); // they go after a while, and were of the file's spelling
  expect(await ended(compare())).toBe(0);
  expect(await written("small.md")).toBe(page);
  const submitted = await cluster.sql("select state, count(*)::int from experiment group by state order by state");
  expect(submitted).toEqual([
    { state: "cancelled", count: 1 },
    { state: "finished", count: 2 },
  ]);
}, 240_000);
