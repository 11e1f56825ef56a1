/** A data folder in which much is broken: the stack comes up, and says everywhere what is wrong and what to do. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "../browser.ts";
import { type Cluster, startCluster } from "../cluster.ts";

const cli = join(import.meta.dirname, "../../apps/cli/bin/reluctant.mjs");
let folder: string;
let cluster: Cluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-broken-"));
  const files = ["both/train/a/0.png", "both/val/a/0.png", "both/test/a/0.png", "stray-train.tar.gz"];
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), "x");
  }
  await mkdir(join(folder, "empty"));
  await symlink("/nowhere/at/all", join(folder, "linked"));
  cluster = await startCluster({
    env: { RELUCTANT_DATA: [folder, "glyphs-small"].join(delimiter) },
  });
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The command as a person runs it, without a terminal. */
async function run(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, NO_COLOR: "1", ...env } });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, err };
}

describe("broken data sets", { timeout: 120_000 }, () => {
  it("keep neither the stack from starting nor the worker from the others, and are told with reason and fix", async () => {
    const { items, unusable } = await cluster.client.datasetList();
    expect(items.map(({ name }) => name)).toEqual(["glyphs-small"]);
    expect(unusable).toMatchObject(
      ["both", "empty", "linked", "stray"].map((name) => ({ name, workers: ["worker-1"] })),
    );
    expect(unusable[0]).toMatchObject({
      reason: expect.stringContaining(`${join(folder, "both/test/a/0.png")}: not a readable image`),
      fix: "replace or remove it",
    });
  });

  it("are listed by `reluctant datasets`", async () => {
    const { stack } = cluster;
    const env = { RELUCTANT_API: stack.address, RELUCTANT_TOKEN: stack.credentials?.token };
    const { code, out } = await run(["datasets"], env);
    expect(code).toBe(0);
    expect(out).toMatch(/^data set +version +classes +image +train +validation +test\nglyphs-small +[0-9a-f]{12} /);
    expect(out).toContain(
      `The data set empty cannot be used: ${join(folder, "empty")}: holds no data set that is known here, but nothing.`,
    );
    expect(JSON.parse((await run(["datasets", "--json"], env)).out).unusable).toHaveLength(4);
  });

  it("are listed where the dashboard's data set is chosen", async () => {
    const profile = await mkdtemp(join(tmpdir(), "reluctant-browser-"));
    const browser = await openBrowser(profile);
    try {
      const page = await browser.newPage();
      await page.goto(cluster.stack.credentials?.loginLink as string);
      await page.getByRole("heading", { name: "Experiments", exact: true }).waitFor();
      await page.goto(`${cluster.stack.address}/frontier`);
      await page.getByText("4 data sets cannot be used").click();
      const reason = page.getByText(`${join(folder, "both/test/a/0.png")}: not a readable image`);
      await reason.waitFor();
      expect(await reason.isVisible()).toBe(true);
    } finally {
      await browser.close();
      await rm(profile, { recursive: true, force: true });
    }
  });
});

describe("a data folder that is not there", { timeout: 120_000 }, () => {
  const missing = "/nowhere/at/all";
  it.each([
    ["up", ["up", "--data"], "RELUCTANT_DATA"],
    ["demo", ["demo", "--data"], "RELUCTANT_DATA"],
  ])("ends `%s` before anything starts, by its variable and name", async (_, args) => {
    const dir = join(folder, "stack");
    const { code, out, err } = await run([...args, dir], { RELUCTANT_DATA: missing });
    expect(code).toBe(2);
    expect(err).toBe(
      `error: RELUCTANT_DATA names ${missing}, which is missing; create it, or name another (glyphs and glyphs-small stand for the generated data sets)\n`,
    );
    expect(out).not.toContain("up at");
    expect(await readdir(dir).catch(() => [])).toEqual([]);
  });

  it("ends a worker that joins, by the flag that named it", async () => {
    const urls = { DATABASE_URL: cluster.stack.databaseUrl, REDIS_URL: cluster.stack.redisUrl };
    const flag = await run(["worker", "--data", missing], urls);
    expect(flag).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: --data names \/nowhere\/at\/all, which is missing; /),
    });
    const variable = await run(["worker"], { ...urls, RELUCTANT_DATA: missing });
    expect(variable).toMatchObject({ code: 2, err: expect.stringMatching(/^error: RELUCTANT_DATA names /) });
  });
});
