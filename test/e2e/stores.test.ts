/** A cluster whose artifacts lie in a bucket, and a worker that has no data set but what was pushed there. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../cluster.ts";
import { writeShard } from "../images.ts";
import { noS3Server, type S3Server, startS3Server } from "../s3-server.ts";
import { skipFor } from "../skip-for.ts";

const cli = join(import.meta.dirname, "../../apps/cli/dist/main.js");

describe("artifacts in a bucket", { timeout: 240_000, ...skipFor(noS3Server) }, () => {
  let folder: string;
  let server: S3Server;
  let bucket: string;
  let cluster: Cluster;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "reluctant-stores-"));
    server = await startS3Server();
    bucket = await server.bucket();
    cluster = await startCluster({ env: { RELUCTANT_ARTIFACTS: bucket, RELUCTANT_CACHE: join(folder, "node") } });
  });
  afterAll(async () => {
    await cluster?.stop();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const reluctant = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const { address, credentials } = cluster.stack;
    const access = { RELUCTANT_URL: address, RELUCTANT_TOKEN: credentials?.token };
    return (await promisify(execFile)(process.execPath, [cli, ...args], { env: { ...process.env, ...access, ...env } }))
      .stdout;
  };

  it("a data set that was pushed is trained on by a worker that never had it", async () => {
    const data = join(folder, "data");
    await mkdir(data);
    const size = () => ({ width: 40, height: 40 });
    for (const [name, from] of Object.entries({ "train-000000": 0, "train-000001": 80, "val-000000": 160 }))
      await writeShard(join(data, `shapes-${name}.tar`), { from, count: 80, classes: 2, size });
    await writeFile(join(data, "shapes.preprocess.json"), '{"resize": 36, "crop": 32}');
    const push = () =>
      reluctant(["datasets", "push", join(data, "shapes-train-000000.tar")], {
        RELUCTANT_CACHE: join(folder, "laptop"),
      });
    expect(await push()).toMatch(/^shapes is pushed, version [0-9a-f]{12}/);
    expect(await push()).toMatch(/^shapes is pushed/);
    const id = await cluster.submit({ dataset: "shapes", until: "train", budgets: undefined });
    expect((await cluster.ended(id)).state).toBe("finished");
    const places = await cluster.sql("select distinct split_part(location, '://', 1) as store from artifact");
    expect(places).toEqual([{ store: "s3" }]);
  });

  it("all of it moves to a folder by one command", async () => {
    const files = join(folder, "files");
    await mkdir(join(files, "staging"), { recursive: true });
    const stores = `file://${files} ${bucket}`;
    const moved = await reluctant(["artifacts", "move", "--database", cluster.stack.databaseUrl, "--stores", stores]);
    expect(moved).toMatch(/^\d+ artifacts \(.+\) moved to file:/);
    const [count] = await cluster.sql<{ all: number; moved: number }>(
      "select count(*)::int as all, count(*) filter (where location like 'file://%')::int as moved from artifact",
    );
    expect(count?.moved).toBe(count?.all);
    const named = (await readdir(files, { recursive: true })).filter((name) => /\/[0-9a-f]{64}$/.test(name));
    expect(named).toHaveLength(count?.all as number);
  });
});
