/**
 * The images of infra/docker/Dockerfile, built for real, and an experiment across their containers, which are confined as
 * infra/compose.yaml says. Not of upstream's bases, nor with PyTorch's CPU build, which only their own registries have: see
 * base-image.ts and libtorch.ts. Postgres and Redis are those of the local stack.
 */
import { chown, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@reluctant/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../../infra/local/src/machine.ts";
import { ensureDatabase, startPostgres } from "../../../infra/local/src/postgres.ts";
import type { Part } from "../../../infra/local/src/processes.ts";
import { startRedis } from "../../../infra/local/src/redis.ts";
import { levelsHere } from "../../../packages/pi/src/choose-kernels.ts";
import { smallSpec, until } from "../../cluster.ts";
import { datasetName, writeDataset } from "../../kept-stack/dataset.ts";
import { skipFor } from "../../skip-for.ts";
import { root, yamlOf } from "../files.ts";
import { baseImage, makeBaseImage } from "./base-image.ts";
import { type Containers, containersIn, type Service } from "./containers.ts";
import { libtorchImage, makeLibtorchImage, whyNoLibtorch } from "./libtorch.ts";
import { output, whyMissing } from "./programs.ts";

const missing =
  process.getuid?.() === 0
    ? whyMissing({ buildah: "buildah", debootstrap: "debootstrap", runc: "runc" })
    : "images are built as root";
const log = join(root, "var/deploy-check/images.log");
/** Not `gpu-worker`: 5 GB of CUDA's libraries, for what no machine without a GPU can show. */
const targets = ["control", "worker"] as const;
const { services } = yamlOf("infra/compose.yaml")[0] as {
  services: Record<string, Service & { deploy?: { replicas?: number }; healthcheck?: { test: string[] } }>;
};
const noLibtorch = missing ?? whyNoLibtorch();

/** Folder of what containers write, and of their logs. */
let folder: string;
let containers: Containers;
const parts: Part[] = [];
beforeAll(async () => {
  if (noLibtorch) return;
  folder = await mkdtemp(join(tmpdir(), "reluctant-images-"));
  containers = containersIn(folder);
  await makeBaseImage(log);
  await makeLibtorchImage(log);
});
afterAll(async () => {
  if (!folder) return;
  await containers.stop();
  for (const part of parts.reverse()) await part.stop();
  await rm(folder, { recursive: true, force: true });
});

async function started<T extends Part>(part: T): Promise<T> {
  parts.push(part);
  await part.start();
  return part;
}

/** A folder that the images' user may write to. */
async function ownFolder(name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await chown(path, 1000, 1000);
  return path;
}

const service = (name: string): Service => services[name] as Service;

describe("images", skipFor(noLibtorch), () => {
  test.each(targets)("%s is built", async (target) => {
    const bases = ["NODE_IMAGE", "PYTHON_IMAGE"].map((name) => `--build-arg=${name}=${baseImage}`);
    const replaced = `--build-context=libtorch-cpu=container-image://${libtorchImage}`;
    const how = ["--layers", "--isolation=chroot", "--pull-never", ...bases, replaced, "--target", target];
    await output("buildah", ["bud", ...how, "-f", "infra/docker/Dockerfile", "-t", `reluctant/${target}`, "."], {
      log,
    });
    const [image] = JSON.parse(await output("buildah", ["images", "--json", `localhost/reluctant/${target}`]));
    console.log(`reluctant/${target}: ${image.size}`);
    expect(image.names).toContainEqual(expect.stringContaining(`reluctant/${target}`));
  });

  test("an experiment ends with its frontier across containers that are confined as compose.yaml says", async () => {
    const postgres = await started(await startPostgres({ dir: join(folder, "postgres"), ephemeral: true }));
    const redis = await started(await startRedis({ dir: join(folder, "redis"), ephemeral: true }));
    const urls = { DATABASE_URL: await ensureDatabase(postgres.url, "reluctant"), REDIS_URL: redis.url };

    const tokens = await ownFolder("tokens");
    await containers.run({ name: "setup", service: service("setup"), env: urls, folders: { "/tokens": tokens } });
    const token = (await readFile(join(tokens, "admin"), "utf8")).trim();

    const port = String(await freePort());
    const [, ...asked] = services.api?.healthcheck?.test ?? [];
    const healthcheck = asked.map((word) => word.replace(":7700", `:${port}`));
    const isHealthy = () => containers.exec("api", healthcheck).then(() => true);
    const listening = { ...urls, HOST: "127.0.0.1", PORT: port };
    await containers.start({ name: "api", service: service("api"), env: listening, ready: { probe: isHealthy } });

    const data = join(folder, "data");
    await writeDataset(data);
    for (const name of ["coordinator", "worker"]) {
      for (let n = 1; n <= (services[name]?.deploy?.replicas ?? 1); n++) {
        const folders = { "/data": data, "/cache": await ownFolder(`cache-${name}-${n}`) };
        const env = { ...urls, RELUCTANT_THREADS: "1" };
        await containers.start({
          name: `${name}-${n}`,
          service: service(name),
          env,
          folders,
          ready: { line: saysReady },
        });
      }
    }

    const client = createClient({ baseUrl: `http://127.0.0.1:${port}`, token });
    await until("a worker has prepared its data", 60, async () => {
      const found = await client.datasets();
      return found.some(({ name }) => name === datasetName) || undefined;
    });
    const { id } = await client.experiments.submit({ ...smallSpec, dataset: datasetName });
    const experiment = await until("the experiment ends", 300, async () => {
      const now = await client.experiments.get(id);
      return now.state === "active" ? undefined : now;
    });
    expect(experiment).toMatchObject({ state: "finished", progress: { total: 4, succeeded: 4, cached: 0 } });
    expect((await client.frontier(datasetName, "resnet8")).points).not.toEqual([]);
    const workers = await client.workers();
    expect(workers.map(({ engine }) => engine.backend)).toEqual(["torch", "torch"]);

    const kernels =
      'import("/app/packages/pi/dist/choose-kernels.js").then((k) => console.log(k.levelsHere().join(" ")))';
    expect(await containers.exec("worker-1", ["node", "-e", kernels])).toBe(levelsHere().join(" "));

    const bearer = (await readFile(join(tokens, "metrics"), "utf8")).trim();
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Authorization: `Bearer ${bearer}` } });
    expect(await metrics.text()).toContain("reluctant_slots{");

    for (const name of ["api", "coordinator-1", "worker-1"]) {
      const status = await readFile(`/proc/${await containers.pidOf(name)}/status`, "utf8");
      expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
      expect(status).toMatch(/^CapEff:\t0+$/m);
      expect(status).toMatch(/^CapBnd:\t0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      const writing = containers.exec(name, ["node", "-e", 'require("fs").writeFileSync("/app/x", "")']);
      await expect(writing).rejects.toThrow("EROFS");
    }
    for (const name of ["worker-1", "coordinator-1", "api"]) expect(await containers.end(name)).toBe("exit code 0");
  });
});

const saysReady = (line: string) => line.startsWith("{") && JSON.parse(line).msg === "ready";
