import { problems } from "@reluctant/api";
import type { Problem, ProblemCode } from "@reluctant/contracts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startApi } from "../api.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

let api: Awaited<ReturnType<typeof startApi>>;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const good = { name: "sweep", dataset: "glyphs", model: "resnet8", recipe: "debug", budgets: ["10%"] };
const json = { "content-type": "application/json" };
const nobody = "00000000-0000-4000-8000-000000000000";

interface Bad {
  what: string;
  path?: string;
  method?: string;
  headers?: Record<string, string | undefined>;
  /** Changes of the good spec. */
  spec?: object;
  /** A body as it stands. */
  body?: string | Uint8Array<ArrayBuffer>;
  code: ProblemCode;
  field: string;
}

const requests: Bad[] = [
  { what: "an unknown dataset", spec: { dataset: "imagenot" }, code: "invalid-spec", field: "dataset" },
  { what: "an unknown model", spec: { model: "resnet9000" }, code: "invalid-spec", field: "model" },
  { what: "an unknown recipe", spec: { recipe: "soup" }, code: "invalid-spec", field: "recipe" },
  { what: "an unknown method", spec: { methods: ["magic"] }, code: "invalid-spec", field: "methods[0]" },
  { what: "a budget of 0", spec: { budgets: [0] }, code: "invalid-spec", field: "budgets[0]" },
  { what: "a negative budget", spec: { budgets: [-5] }, code: "invalid-spec", field: "budgets[0]" },
  { what: "a bare fraction", spec: { budgets: ["10%", 0.1] }, code: "invalid-spec", field: "budgets[1]" },
  { what: "a share above 100 %", spec: { budgets: ["101%"] }, code: "invalid-spec", field: "budgets[0]" },
  { what: "a budget above the model's ReLUs", spec: { budgets: ["900M"] }, code: "invalid-spec", field: "budgets[0]" },
  { what: "a huge budget", spec: { budgets: [1e300] }, code: "invalid-spec", field: "budgets[0]" },
  { what: "a budget in words", spec: { budgets: ["some"] }, code: "invalid-spec", field: "budgets[0]" },
  { what: "no budgets at all", spec: { budgets: undefined }, code: "invalid-spec", field: "budgets" },
  { what: "an empty list of budgets", spec: { budgets: [] }, code: "invalid-spec", field: "budgets" },
  { what: "seeds of a wrong type", spec: { seeds: ["one"] }, code: "invalid-spec", field: "seeds[0]" },
  { what: "a seed out of range", spec: { seeds: [2 ** 31] }, code: "invalid-spec", field: "seeds[0]" },
  { what: "a bare number of seeds", spec: { seeds: 2 }, code: "invalid-spec", field: "seeds" },
  { what: "no seeds at all", spec: { seeds: { count: 0 } }, code: "invalid-spec", field: "seeds.count" },
  {
    what: "a sweep of a million trials",
    spec: { budgets: Array.from({ length: 1_000 }, (_, index) => index + 1), seeds: { count: 1_000 } },
    code: "invalid-spec",
    field: "budgets",
  },
  {
    what: "a plan of a million trials",
    path: "/api/v1/plans",
    spec: { budgets: Array.from({ length: 1_000 }, (_, index) => index + 1), seeds: { count: 1_000 } },
    code: "invalid-spec",
    field: "seeds",
  },
  { what: "a path in the name", spec: { name: "../../etc/passwd" }, code: "invalid-spec", field: "name" },
  { what: "a path in the dataset", spec: { dataset: "..%2f..%2fetc" }, code: "invalid-spec", field: "dataset" },
  { what: "an unknown field", spec: { colour: "red" }, code: "invalid-spec", field: "colour" },
  {
    what: "an unknown setting",
    spec: { settings: { train: { lr: 1 } } },
    code: "invalid-spec",
    field: "settings.train.lr",
  },
  { what: "a pool with a slash", spec: { pool: "a/b" }, code: "invalid-spec", field: "pool" },
  { what: "an artifact that is not there", spec: { arModel: "0".repeat(64) }, code: "invalid-spec", field: "arModel" },
  { what: "NaN", body: '{"name":"x","budgets":[NaN]}', code: "invalid-json", field: "body" },
  { what: "half a body", body: '{"name":"x', code: "invalid-json", field: "body" },
  { what: "a list instead of a spec", body: "[]", code: "invalid-spec", field: "body" },
  { what: "a body of 5 MB", body: `"${"x".repeat(5_000_000)}"`, code: "body-too-large", field: "body" },
  {
    what: "a form",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "name=x",
    code: "unsupported-media-type",
    field: "Content-Type",
  },
  {
    what: "a compressed body",
    headers: { ...json, "content-encoding": "gzip" },
    body: new Uint8Array([31, 139, 8]),
    code: "unsupported-media-type",
    field: "Content-Encoding",
  },
  {
    what: "no token",
    headers: { ...json, authorization: undefined },
    spec: {},
    code: "unauthenticated",
    field: "Authorization",
  },
  {
    what: "a wrong token",
    headers: { ...json, authorization: `Bearer rlt_${"x".repeat(43)}` },
    spec: {},
    code: "unauthenticated",
    field: "Authorization",
  },
  {
    what: "another scheme",
    headers: { ...json, authorization: "Basic bWU6cGFzcw==" },
    spec: {},
    code: "unauthenticated",
    field: "Authorization",
  },
  {
    what: "a key with a space",
    headers: { ...json, "idempotency-key": "a b" },
    spec: {},
    code: "invalid-request",
    field: "idempotency-key",
  },
  {
    what: "a member who makes tokens",
    path: "/api/v1/tokens",
    body: '{"name":"x","role":"admin"}',
    code: "forbidden",
    field: "Authorization",
  },
  { what: "a limit of 0", method: "GET", path: "/api/v1/experiments?limit=0", code: "invalid-request", field: "limit" },
  {
    what: "a limit in hexadecimal",
    method: "GET",
    path: "/api/v1/experiments?limit=0x10",
    code: "invalid-request",
    field: "limit",
  },
  {
    what: "a parameter given twice",
    method: "GET",
    path: "/api/v1/experiments?search=a&search=b",
    code: "invalid-request",
    field: "search",
  },
  {
    what: "an unknown parameter",
    method: "GET",
    path: "/api/v1/experiments?sort=name",
    code: "invalid-request",
    field: "sort",
  },
  {
    what: "an unknown state",
    method: "GET",
    path: "/api/v1/experiments?state=happy",
    code: "invalid-request",
    field: "state",
  },
  {
    what: "a cursor that nobody gave",
    method: "GET",
    path: "/api/v1/experiments?after=nonsense",
    code: "invalid-request",
    field: "after",
  },
  {
    what: "an event cursor that nobody gave",
    method: "GET",
    path: "/api/v1/events?after=nonsense",
    code: "invalid-request",
    field: "after",
  },
  {
    what: "an id that is none",
    method: "GET",
    path: "/api/v1/experiments/..%2f..%2fetc",
    code: "invalid-request",
    field: "id",
  },
  {
    what: "a hash that is none",
    method: "GET",
    path: "/api/v1/artifacts/abc",
    code: "invalid-request",
    field: "sha256",
  },
  {
    what: "a path that cannot be decoded",
    method: "GET",
    path: "/api/v1/experiments/%E0%A4%A",
    code: "invalid-request",
    field: "path",
  },
  { what: "an unknown path", method: "GET", path: "/api/v1/experiment", code: "not-found", field: "path" },
  {
    what: "an unsupported method",
    method: "PATCH",
    path: "/api/v1/experiments",
    code: "method-not-allowed",
    field: "method",
  },
  {
    what: "a frontier without a model",
    method: "GET",
    path: "/api/v1/frontiers?dataset=glyphs",
    code: "invalid-request",
    field: "model",
  },
];

/** One hash a table over all its rows. */
async function stateOfTables(): Promise<Record<string, string>> {
  const { rows: tables } = await api.pool.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'public' order by 1",
  );
  const hashes: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await api.pool.query(
      `select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as hash from "${name}" t`,
    );
    hashes[name] = rows[0].hash;
  }
  return hashes;
}

function send({ path = "/api/v1/experiments", method = "POST", headers = json, spec, body }: Bad): Promise<Response> {
  const content = spec ? JSON.stringify({ ...good, ...spec }) : body;
  return api.request(
    path,
    method === "GET" ? { headers: {} } : { method, headers, ...(content !== undefined && { body: content }) },
  );
}

test.each(requests)("$what is refused as $code, naming $field, and changes nothing", async (bad) => {
  const before = await stateOfTables();
  const response = await send(bad);
  const problem = (await response.json()) as Problem;
  expect(problem).toMatchObject({ code: bad.code, status: problems[bad.code].status, title: problems[bad.code].title });
  expect(response.status).toBe(problem.status);
  expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(problem.errors?.map(({ field }) => field)).toContain(bad.field);
  expect(JSON.stringify(problem)).not.toMatch(/node_modules|\.ts:|\.js:/);
  expect(await stateOfTables()).toEqual(before);
});

test.each(["experiments", "trials", "stage-runs"])("an unknown id among %s is not found", async (resource) => {
  const response = await api.request(`/api/v1/${resource}/${nobody}`);
  expect([response.status, ((await response.json()) as Problem).code]).toEqual([404, "not-found"]);
});

test("the good spec itself is accepted: it is the changes that were refused", async () => {
  const response = await send({ what: "the good spec", spec: {}, code: "internal", field: "" });
  expect([response.status, await response.json()]).toEqual([
    202,
    expect.objectContaining({ name: "sweep", state: "active" }),
  ]);
});
