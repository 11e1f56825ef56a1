import type { Problem } from "@reluctant/contracts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startApi } from "../api.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** What every plain object answers to, so a table that users' names are looked up in must not be one. */
const inherited = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

const spec = { name: "sweep", dataset: "glyphs", model: "resnet8", recipe: "debug", budgets: ["10%"] };
const dataset = {
  name: "pushed",
  version: "0".repeat(64),
  classes: ["a", "b"],
  inputShape: [32, 32, 3],
  splits: { train: 2, validation: 2, test: 2 },
};
const trialFilter = { methods: ["senet"], budgets: ["10%"], seeds: [1], states: ["waiting"] };
/** A body that each operation accepts, for one field at a time to be changed. */
const bodies: Record<string, object> = {
  createExperiment: spec,
  planExperiment: spec,
  createToken: { name: "robot", role: "viewer" },
  openSession: { link: "x".repeat(40) },
  pushDataset: { dataset, files: [{ path: "train", shards: ["0".repeat(64)] }] },
  drainWorker: { reason: "maintenance" },
  quarantineWorker: { reason: "maintenance", seconds: 60 },
  extendExperiment: { methods: ["senet"], budgets: ["5%"], seeds: [2] },
  measurePoint: { profiles: ["lan"] },
  changeTeamShare: { weight: 2 },
  setPriority: { priority: "high" },
  setTrialPriority: { priority: "high" },
  setPriorityOfTrials: { ...trialFilter, priority: "high" },
  pauseTrials: trialFilter,
  resumeTrials: trialFilter,
  cancelTrials: trialFilter,
  retryTrials: trialFilter,
};

interface Schema {
  type?: string;
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  oneOf?: Schema[];
}
interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
interface Call {
  what: string;
  path: string;
  method: string;
  headers?: Record<string, string>;
  body?: string;
}
type Path = (string | number)[];

let api: Awaited<ReturnType<typeof startApi>>;
let document: Document;
beforeAll(async () => {
  api = await startApi();
  document = await (await api.request("/openapi.json")).json();
});
afterAll(() => api.close());

/** Where a body of this schema can hold a value: every field, every item, whichever branch. */
function placesIn({ $ref, properties, items, anyOf, allOf, oneOf }: Schema): Path[] {
  if ($ref) return placesIn(document.components.schemas[$ref.split("/").at(-1) as string] as Schema);
  const inner = Object.entries(properties ?? {}).flatMap(([name, field]) =>
    [[], ...placesIn(field)].map((rest) => [name, ...rest]),
  );
  const inItems = items ? [[], ...placesIn(items)].map((rest) => [0, ...rest]) : [];
  return [...inner, ...inItems, ...[anyOf, allOf, oneOf].flatMap((some) => (some ?? []).flatMap(placesIn))];
}

/** JSON of `whole` with `value` at `place`; what leads there is made. Written as text, since `__proto__` may be a key. */
function withAt(whole: unknown, place: Path, value: unknown): string {
  const [head, ...rest] = place;
  if (head === undefined) return JSON.stringify(value);
  if (typeof head === "number") return `[${withAt(undefined, rest, value)}]`;
  const fields = typeof whole === "object" && whole !== null ? Object.entries(whole) : [];
  const own = fields.filter(([name]) => name !== head).map(([name, field]) => [name, JSON.stringify(field)]);
  own.push([head, withAt(Object.fromEntries(fields)[head], rest, value)]);
  return `{${own.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

function callsOf(path: string, method: string, operation: Operation, name: string): Call[] {
  const what = operation.operationId;
  const plain = path.replaceAll(/\{\w+\}/g, "00000000-0000-4000-8000-000000000000");
  const parameters = (operation.parameters ?? []).map((parameter): Call => {
    const call = { what: `${what} ${parameter.in} ${parameter.name}`, method };
    const value = encodeURIComponent(name);
    if (parameter.in === "path") return { ...call, path: path.replace(`{${parameter.name}}`, value) };
    if (parameter.in === "header") return { ...call, path: plain, headers: { [parameter.name]: name } };
    const others = { dataset: "glyphs", model: "resnet8" }; // what getFrontier requires
    const query = Object.entries(others).filter(
      ([key]) => key !== parameter.name && operation.parameters?.some((known) => known.name === key),
    );
    return { ...call, path: `${plain}?${new URLSearchParams([...query, [parameter.name, name]])}` };
  });
  const unknown = { what: `${what} query of that name`, method, path: `${plain}?${encodeURIComponent(name)}=1` };
  const schema = operation.requestBody?.content["application/json"]?.schema;
  if (!schema) return [...parameters, unknown];
  const good = bodies[what];
  if (!good) throw new Error(`say in this test which body ${what} accepts`);
  const headers = { "content-type": "application/json" };
  const inBody = placesIn(schema).flatMap((place): Call[] => [
    { what: `${what} ${place.join(".")}`, path: plain, method, headers, body: withAt(good, place, name) },
    { what: `${what} ${place.join(".")}.*`, path: plain, method, headers, body: withAt(good, [...place, name], name) },
  ]);
  return [
    ...parameters,
    unknown,
    ...inBody,
    { what: `${what} a field`, path: plain, method, headers, body: withAt(good, [name], name) },
  ];
}

const send = ({ path, method, headers = {}, body }: Call) =>
  api.request(path, {
    method: method.toUpperCase(),
    headers: { authorization: `Bearer ${api.tokens.admin}`, ...headers },
    ...(body !== undefined && { body }),
  });

test.each(inherited)("a field that says %s is refused or taken as a word, on every route", async (name) => {
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => callsOf(path, method, operation, name)),
  );
  expect(calls.length).toBeGreaterThan(200);
  const broken: string[] = [];
  for (const call of calls) {
    const response = await send(call);
    if (response.status >= 500) broken.push(`${call.what}: ${response.status}`);
    await response.body?.cancel();
  }
  expect([...new Set(broken)]).toEqual([]);
});

test.each(inherited)(
  "%s as dataset, model, recipe or method is not known, and the answer names the field",
  async (name) => {
    for (const [field, change] of Object.entries({
      dataset: { dataset: name },
      model: { model: name },
      recipe: { recipe: name },
      "methods[0]": { methods: [name] },
    })) {
      for (const path of ["/api/v1/plans", "/api/v1/experiments"]) {
        const body = JSON.stringify({ ...spec, ...change });
        const response = await api.request(path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        const { errors } = (await response.json()) as Problem;
        expect([path, field, response.status, errors?.[0]?.field]).toEqual([path, field, 422, field]);
      }
    }
  },
);
