import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { type Problem, problemSchema, type Role } from "@reluctant/contracts";
import { appendLog, dispatch, writeMetrics } from "@reluctant/control";
import { type Kit, setup } from "@reluctant/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startApi } from "../api.ts";
import { type GeneratedRequest, generatedRequests, type KnownIds, type OpenApi } from "../generated-requests.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

/** `REQUESTS=50000 SEED=7 npx vitest run test/e2e/generated-requests.test.ts` tries more, or the same again. */
const count = Number(process.env.REQUESTS ?? 5_000);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** At once: enough to keep the API busy, too few for its line to fill. */
const lanes = 12;

let kit: Kit;
let api: Awaited<ReturnType<typeof startApi>>;
let known: KnownIds;
const agent = new Agent({ keepAlive: true, maxSockets: lanes });
beforeAll(async () => {
  kit = await setup();
  known = await seedRows(kit);
  api = await startApi({ databaseUrl: kit.databaseUrl });
});
afterAll(async () => {
  agent.destroy();
  await api.close();
  await kit.close();
});

/** A finished experiment and one under way, with curves and a log, so that requests find something. */
async function seedRows({ deps, submit, worker, drain, claim }: Kit): Promise<KnownIds> {
  const workerId = await worker();
  const finished = await submit({ budgets: ["10%", "20%"] });
  await drain(workerId);
  const running = await submit({ budgets: ["10%"], seeds: [7] });
  const [born] = await dispatch(deps);
  const claimed = await claim(born?.attemptId ?? "", workerId);
  await appendLog(deps, { ...claimed, offset: 0, bytes: Buffer.from("epoch 1 – ünïcode\n") });
  await writeMetrics(deps, { ...claimed, points: [{ series: "loss", step: 1, value: 2.3 }] });
  const ids = async (table: string, column = "id") =>
    (await deps.db.prisma.$queryRawUnsafe<{ id: string }[]>(`select ${column}::text as id from ${table} limit 20`)).map(
      ({ id }) => id,
    );
  return {
    experiments: [finished.experimentId, running.experimentId],
    trials: await ids("trial"),
    "stage-runs": await ids("stage_run"),
    attempts: await ids("attempt"),
    artifacts: await ids("stage_run_artifact", "sha256"),
  };
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  problem: Problem | null;
}

/** The answer's head and problem; of a stream only the head. */
const send = ({ method, path, headers, body }: GeneratedRequest, authorization: string | undefined): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const all = { ...headers, ...(authorization && { authorization }), ...(body && { "content-length": body.length }) };
    const { hostname: host, port } = new URL(api.url);
    const sent = httpRequest({ host, port, agent, method, path, headers: all }, async (response) => {
      const { statusCode: status = 0, headers } = response;
      if (status < 400) {
        if (headers["content-type"]?.startsWith("text/event-stream")) response.destroy();
        else await response.resume().toArray();
        return resolve({ status, headers, problem: null });
      }
      const problem = problemSchema.safeParse(JSON.parse(await text(response)));
      resolve({ status, headers, problem: problem.data ?? null });
    });
    sent.on("error", reject).end(body);
  });

/** What is wrong with an answer, or null. */
function fault({ declared, broken }: GeneratedRequest, { status, headers, problem }: Answer): string | null {
  if (status >= 500 && !(status === 503 && headers["retry-after"])) return "an error of ours";
  if (!declared.includes(status)) return "a status that the document does not name";
  if (status < 400) return null;
  if (!problem || !headers["content-type"]?.startsWith("application/problem+json")) return "an error without a problem";
  // 422 is about what no schema says: whether a model has so many ReLUs.
  const refused = [400, 408, 413, 415, 431].includes(status);
  return broken === null && refused ? "a refusal of what the document allows" : null;
}

const roleOf = (number: number): Role | null =>
  (["member", "admin", "viewer", "member", null] as const)[number % 5] ?? null;

test(`${count} requests made from the document, whole and broken (seed ${seed}), get the answers that it names, and none is an error of ours`, async () => {
  const response = await api.request("/openapi.json");
  const requests = fc.sample(generatedRequests((await response.json()) as OpenApi, known), { numRuns: count, seed });
  const faults = new Map<string, object>(); // one of each kind
  const statuses: Record<string, number> = {};
  let next = 0;
  const lane = async () => {
    while (next < requests.length) {
      const number = next++;
      const request = requests[number] as GeneratedRequest;
      const role = roleOf(number);
      const answer = await send(request, role ? `Bearer ${api.tokens[role]}` : undefined);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      const wrong = fault(request, answer);
      if (wrong)
        faults.set(`${request.operation}: ${wrong}`, { answer, role, ...request, body: request.body?.toString() });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  console.info(`${count} requests, seed ${seed}, answers by status: ${JSON.stringify(statuses)}`);
  expect(Object.fromEntries(faults)).toEqual({});
  for (const status of [200, 202, 400, 401, 403, 404, 422]) expect(statuses[status]).toBeGreaterThan(0);
});
