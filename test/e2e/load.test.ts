import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { Problem } from "@reluctant/contracts";
import { afterEach, expect, test, vi } from "vitest";
import { startApi } from "../api.ts";
import { sendAtOnce } from "../burst.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

type Api = Awaited<ReturnType<typeof startApi>>;
let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function setup(options?: Parameters<typeof startApi>[0]): Promise<Api> {
  api = await startApi(options);
  return api;
}

const spec = { name: "sweep", dataset: "glyphs", model: "resnet8", recipe: "debug", budgets: ["10%"] };
const json = { "content-type": "application/json" };

const atOnce = ({ url, tokens }: Api, count: number) =>
  sendAtOnce({
    url: `${url}/api/v1/experiments`,
    headers: { ...json, authorization: `Bearer ${tokens.member}` },
    bodies: Array.from({ length: count }, (_, number) => JSON.stringify({ ...spec, name: `sweep ${number}` })),
  });

const storedExperiments = async ({ pool }: Api): Promise<number> =>
  Number((await pool.query("select count(*) from experiment")).rows[0].count);

test("60 submits at once are all accepted, also where the database's pool waits for less than they take", async () => {
  const lab = await setup({
    limits: { active: 1, waitMs: 100_000, requestMs: 110_000 }, // that one connection takes on a busy machine
    database: { poolSize: 1, connectionTimeoutMs: 1_000 },
  });
  await lab.request("/api/v1/experiments"); // opens the connection
  const answers = await atOnce(lab, 60);
  expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
  expect(await storedExperiments(lab)).toBe(60);
});

/** Status of an answer, however long a busy machine takes to connect: `fetch` gives up after 10 s. */
const statusOf = async (address: string): Promise<number | undefined> => {
  const [response] = (await once(get(address, { agent: false }), "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
};

/** What was done while health was asked for: by order and by processor time, since others may have the processors. */
async function probeHealth(lab: Api): Promise<{ submits: number; computingMs: number }> {
  const stored = await storedExperiments(lab);
  const began = process.cpuUsage();
  expect(await statusOf(`${lab.url}/healthz`)).toBe(200);
  expect(await statusOf(`${lab.url}/readyz`)).toBe(200);
  const { user, system } = process.cpuUsage(began);
  return { submits: (await storedExperiments(lab)) - stored, computingMs: (user + system) / 1_000 };
}

test("of 2,000 submits at once each is accepted or told that the API is busy and when to come back; health answers meanwhile", async () => {
  // Where others have the processors, the burst holds the loop for half a minute, and every timer is late before it is read.
  const patient = 100_000;
  const lab = await setup({
    limits: { waiting: 100, waitMs: patient, requestMs: patient, headersMs: patient, bodyMs: patient },
    database: { connectionTimeoutMs: patient, statementTimeoutMs: patient },
  });
  const submits = atOnce(lab, 2_000);
  let ended = false;
  void submits.finally(() => (ended = true));
  const probes: Awaited<ReturnType<typeof probeHealth>>[] = [];
  do probes.push(await probeHealth(lab));
  while (!ended);
  const answers = await submits;
  const accepted = answers.filter(({ status }) => status === 202);
  const refused = answers.filter(({ status }) => status !== 202);
  expect(refused.filter((seen) => seen.status !== 503 || seen.code !== "busy" || seen.retryAfter !== "5")).toEqual([]);
  expect(refused.length).toBeGreaterThan(0);
  expect(accepted.length).toBeGreaterThan(100); // those that found room in the line
  expect(await storedExperiments(lab)).toBe(accepted.length);
  expect(Math.max(...probes.map(({ submits }) => submits))).toBeLessThan(100); // 17 at most: it stands in no line
  expect(Math.max(...probes.map(({ computingMs }) => computingMs))).toBeLessThan(10_000); // 4,074 at a load of 21
});

/** Locks a table as long as `work` runs, beside the API. */
async function whileLocked({ pool }: Api, table: string, work: () => Promise<void>): Promise<void> {
  const holder = await pool.connect();
  await holder.query(`begin; lock table ${table}`);
  try {
    await work();
  } finally {
    await holder.query("rollback");
    holder.release();
  }
}

/** Statements of the API that Postgres still works on. */
const running = async ({ pool }: Api): Promise<string[]> =>
  (
    await pool.query(
      `select query from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and state = 'active'`,
    )
  ).rows.map(({ query }) => query);

test("a read and a submit that a lock holds up end in their time, say what to do, and leave nothing that runs", async () => {
  const statementTimeoutMs = 4_000; // answers come well before, also where they take three seconds longer than they may
  const lab = await setup({ limits: { requestMs: 400 }, database: { statementTimeoutMs } });
  await lab.request("/api/v1/experiments"); // opens the connection
  await whileLocked(lab, "experiment", async () => {
    const asked: [advice: string, init: Parameters<Api["request"]>[1]][] = [
      ["try again after Retry-After", { method: "GET" }],
      ["Idempotency-Key", { method: "POST", body: JSON.stringify(spec), headers: json }],
    ];
    const answers = await Promise.all(
      asked.map(async ([advice, init]) => ({ advice, response: await lab.request("/api/v1/experiments", init) })),
    );
    expect(await running(lab)).toHaveLength(asked.length);
    for (const { advice, response } of answers) {
      const problem = (await response.json()) as Problem;
      expect([response.status, problem.code, response.headers.get("retry-after")]).toEqual([503, "timed-out", "5"]);
      expect(problem.detail).toContain(advice);
    }
    await vi.waitFor(async () => expect(await running(lab)).toEqual([]), { timeout: 20_000 });
  });
  expect(await storedExperiments(lab)).toBe(0);
  expect((await lab.request("/api/v1/experiments")).status).toBe(200);
});

test("a statement that Postgres ends for a lock is no fault of ours either", async () => {
  const lab = await setup({ database: { statementTimeoutMs: 300 } });
  await whileLocked(lab, "experiment", async () => {
    expect(await atOnce(lab, 1)).toEqual([{ status: 503, code: "timed-out", retryAfter: "5" }]);
  });
  expect(await storedExperiments(lab)).toBe(0);
});

test("a stream outlives the limit of a request", async () => {
  const lab = await setup({ limits: { requestMs: 200 } });
  const announce = () =>
    lab.pool.query(
      `insert into event (team_id, type, data) values ($1, 'experiment.changed', '{"state":"active","reason":null}')`,
      [lab.teamId],
    );
  const stream = await lab.request("/api/v1/events", { headers: { accept: "text/event-stream" } });
  const chunks = (stream.body as ReadableStream<Uint8Array>).getReader();
  const began = performance.now();
  while (performance.now() - began < 600) {
    await announce();
    expect((await chunks.read()).done).toBe(false);
  }
  await chunks.cancel();
});
