import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { backendCaches, homeCache } from "@reluctant/machine";
import { artifactsOf, type Cluster, images } from "../../cluster.ts";
import type { Measure, Row } from "../row.ts";
import { withCluster } from "../with-cluster.ts";

const run = promisify(execFile);
const spec = { until: "train" as const, budgets: undefined, settings: { train: { length: images(6_400) } } };

/** What goes wrong on a worker's machine, while it trains. */
const strikes: [what: string, strike: (cluster: Cluster, host: Host) => Promise<void>][] = [
  [
    "a child stopped with SIGSTOP",
    async (cluster) => {
      process.kill(await childOf(cluster), "SIGSTOP");
    },
  ],
  [
    "a child without memory",
    async (cluster) => {
      await run("prlimit", ["--pid", String(await childOf(cluster)), "--as=1048576"]);
    },
  ],
  [
    "a full disk",
    async ({ moment }, { cache }) => {
      const file = join(cache, "fill");
      await run("dd", ["if=/dev/zero", `of=${file}`, "bs=1M"]).catch(() => {}); // it ends when there is no room
      await moment("it fails, with a reason", "select 1 from attempt where state = 'failed' and failure is not null");
      await rm(file);
    },
  ],
];

interface Host {
  /** The worker's, on a small disk of its own. */
  cache: string;
}

export const hosts: Row = {
  name: "hosts",
  what: "on the worker's machine: a child stopped, one without memory, a full disk; then clocks that jump by an hour",
  takes: { seconds: 75, least: 75 },
  async run() {
    const undisturbed = await withCluster({}, async (cluster) => {
      await cluster.ended(await cluster.submit(spec));
      return artifactsOf(cluster);
    });
    const measures: Measure[] = [];
    const ends = async (what: string, cluster: Cluster, id: string) => {
      const { state } = await cluster.ended(id, 240);
      const same = JSON.stringify(await artifactsOf(cluster)) === JSON.stringify(undisturbed);
      const attempts = await cluster.sql<{ state: string; failure: { code: string } | null }>(
        "select state, failure from attempt order by number",
      );
      const told = attempts.map(({ state, failure }) => failure?.code ?? state).join(", ");
      measures.push({
        what: `${what} (${told}), the same bits`,
        value: Number(state === "finished" && same),
        unit: "",
        atLeast: 1,
      });
    };
    for (const [what, strike] of strikes) {
      await withSmallDisk(async (host) => {
        const env = {
          ...backendCaches(process.env, homeCache(process.env) ?? "var/cache"),
          RELUCTANT_CACHE: host.cache,
        };
        await withCluster({ env }, async (cluster) => {
          const id = await cluster.submit(spec);
          await computes(cluster);
          await strike(cluster, host);
          await ends(what, cluster, id);
        });
      });
    }
    await withJumpingClocks(async (env) => {
      await withCluster({ env, workers: 2 }, async (cluster) => {
        await ends("clocks that jump", cluster, await cluster.submit(spec));
      });
    });
    return measures;
  },
};

const computes = ({ moment }: Cluster) =>
  moment(
    "it computes, with a checkpoint",
    "select 1 from attempt a join checkpoint c on c.attempt_id = a.id where a.state = 'running'",
  );

async function childOf({ stack }: Cluster): Promise<number> {
  const supervisor = stack.part("worker-1").pid as number;
  const children = (await readFile(`/proc/${supervisor}/task/${supervisor}/children`, "utf8")).trim().split(" ");
  return Number(children.at(-1));
}

async function withSmallDisk(use: (host: Host) => Promise<void>): Promise<void> {
  const cache = await mkdtemp(join(tmpdir(), "reluctant-disk-"));
  await run("mount", ["-t", "tmpfs", "-o", "size=256m", "tmpfs", cache]);
  try {
    await use({ cache });
  } finally {
    await run("umount", ["-l", cache]);
    await rm(cache, { recursive: true, force: true });
  }
}

/** Every process of the cluster has a wall clock that is an hour ahead, an hour behind, and ahead again every two seconds. */
async function withJumpingClocks(use: (env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-clock-"));
  const shim = join(folder, "clock.mjs");
  await writeFile(
    shim,
    `const real = Date.now.bind(Date);
     const offset = () => (Math.floor(real() / 2000) % 2 === 0 ? 3_600_000 : -3_600_000);
     globalThis.Date = class extends Date {
       constructor(...args) { args.length === 0 ? super(real() + offset()) : super(...args); }
       static now() { return real() + offset(); }
     };`,
  );
  try {
    await use({ NODE_OPTIONS: `--import ${pathToFileURL(shim).href}` });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
