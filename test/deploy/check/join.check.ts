/**
 * A second machine, as docs/operations.md, "A second machine", has it: a copy of the checkout with a home of its own and, for
 * root, in a network of its own, which reaches Postgres and Redis by an address of the first machine alone.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createConnection, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProcess } from "../../../infra/local/src/processes.ts";
import { isOnPath } from "../../../scripts/programs.mjs";
import { type Cluster, startCluster, until } from "../../cluster.ts";
import { root } from "../files.ts";
import { output } from "./programs.ts";

const hasNetworks = process.getuid?.() === 0 && isOnPath("ip");
const network = `reluctant-${process.pid}`;
/** Of the two ends of the cable between the machines. */
const [first, second] = hasNetworks ? ["10.213.7.1", "10.213.7.2"] : ["127.0.0.1", "127.0.0.1"];

let folder: string;
let checkout: string;
let cluster: Cluster;
const cleanups: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  await mkdir(join(root, "var/deploy-check"), { recursive: true });
  folder = await mkdtemp(join(root, "var/deploy-check/second-")); // of one file system, for links instead of a gigabyte
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  checkout = join(folder, "checkout");
  await mkdir(checkout);
  const parts = ["apps", "infra", "node_modules", "packages", "prisma", "package.json", "scripts", "workers"];
  await output("cp", ["-al", ...parts, checkout]);
  if (hasNetworks) await makeNetwork();
  cluster = await startCluster({ workers: 0 });
  cleanups.push(() => cluster.stop());
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function makeNetwork(): Promise<void> {
  const ip = (words: string) => output("ip", words.split(" "));
  const [here, there] = [`rlt${process.pid}a`, `rlt${process.pid}b`];
  await ip(`netns add ${network}`);
  cleanups.push(() => ip(`netns delete ${network}`));
  await ip(`link add ${here} type veth peer name ${there} netns ${network}`);
  await ip(`address add ${first}/30 dev ${here}`);
  await ip(`link set ${here} up`);
  await ip(`-n ${network} address add ${second}/30 dev ${there}`);
  await ip(`-n ${network} link set ${there} up`);
}

/** The URL by which the second machine reaches a server that listens on this one's 127.0.0.1: what a tunnel does. */
async function reachable(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const server = createServer((one) => {
    const other = createConnection({ host: hostname, port: Number(port) });
    one.pipe(other).pipe(one);
    one.on("error", () => other.destroy()).on("close", () => other.destroy());
    other.on("error", () => one.destroy()).on("close", () => one.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, first, resolve));
  cleanups.push(async () => server.close());
  return Object.assign(new URL(url), { hostname: first, port: String((server.address() as AddressInfo).port) }).href;
}

/** A command of the second machine: its program and arguments, its folder, and its environment. */
function there(...args: string[]) {
  const command = [process.execPath, join(checkout, "apps/cli/bin/reluctant.mjs"), ...args];
  return {
    command: (hasNetworks ? ["ip", "netns", "exec", network, ...command] : command) as [string, ...string[]],
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: join(folder, "home"), RELUCTANT_BACKEND: "wasm", LOG_LEVEL: "info" },
  };
}

async function told(...args: string[]): Promise<string> {
  const { command, ...options } = there(...args);
  const [program, ...rest] = command;
  return promisify(execFile)(program, rest, options).then(
    () => "",
    ({ stderr }: { stderr: string }) => stderr,
  );
}

test("one command has a second machine join, with a role for workers, and take all of an experiment", async () => {
  await mkdir(join(folder, "home"));
  const urls = [await reachable(cluster.stack.databaseUrl), await reachable(cluster.stack.redisUrl)] as const;
  const ofFirst = [join(root, "apps/cli/bin/reluctant.mjs"), "admin", "join-file", "--name", "second_machine"];
  const printed = await output(process.execPath, [...ofFirst, "--database", urls[0], "--redis", urls[1]]);
  const file = join(folder, "worker.env");
  await writeFile(file, `${printed}\nRELUCTANT_DATA=glyphs-small\n`, { mode: 0o600 });

  const wrong = join(folder, "wrong.env");
  await writeFile(wrong, printed.replace(/(second_machine):\w+@/, "$1:guessed@"), { mode: 0o600 });
  expect(await told("worker", "--join", wrong)).toMatch(
    /^error: DATABASE_URL: Postgres at \S+ refuses: password authentication failed for user "second_machine"\n$/,
  );
  await writeFile(wrong, printed.replace(/(?<=REDIS_URL=\S+@[\d.]+:)\d+/, "9"), { mode: 0o600 });
  expect(await told("worker", "--join", wrong)).toMatch(/^error: REDIS_URL: Redis at \S+:9 does not answer \(E\w+\)/);

  const joined = createProcess({
    name: "second",
    ...there("worker", "--join", file, "--workers", "2", "--name", "second"),
    log: join(folder, "second.log"),
    ready: { probe: async () => (await serving()).length === 2 },
    stopSignal: "SIGTERM",
    orphanSignal: "SIGTERM",
  });
  cleanups.push(() => joined.stop());
  await joined.start();
  expect(await serving()).toEqual(["second-1", "second-2"]);
  await until("its data is prepared", 60, async () => (await cluster.client.datasets())[0]);

  const short = { until: "train" as const, budgets: undefined, settings: { train: { length: { images: 640 } } } };
  const id = await cluster.submit({ ...short, seeds: [1, 2] });
  expect(await cluster.ended(id, 600)).toMatchObject({ state: "finished", progress: { succeeded: 2 } });
  const by = await cluster.sql<{ name: string; state: string }>(
    "select distinct w.name, a.state from attempt a join worker w on w.id = a.worker_id order by 1, 2",
  );
  expect(by).toEqual([
    { name: "second-1", state: "succeeded" },
    { name: "second-2", state: "succeeded" },
  ]);
  const roles = await cluster.sql("select distinct usename from pg_stat_activity where usename = 'second_machine'");
  expect(roles).toHaveLength(1);

  await joined.stop();
  expect(await serving()).toEqual([]);
});

const serving = async (): Promise<string[]> => {
  const workers = await cluster.client.workers();
  return workers.flatMap(({ name, state }) => (state === "idle" || state === "busy" ? [name] : [])).sort();
};
