import fc from "fast-check";
import { arbitraryOf, type JsonSchema, type Resolve } from "./arbitrary.ts";

/** A request as its bytes will be, made from the document and then, mostly, broken in one place. */
export interface GeneratedRequest {
  operation: string;
  method: string;
  /** With the query string, escaped. */
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
  /** What was done to it; null when it is as the document allows. */
  broken: string | null;
  /** Statuses that the document names for it. */
  declared: number[];
}

/** Ids of rows that are there, by the part of the path before them. */
export type KnownIds = Record<string, string[]>;

interface Operation {
  operationId: string;
  parameters?: { name: string; in: "path" | "query" | "header"; required: boolean; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema?: JsonSchema }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

/** A request in parts, which mutations change. Values of `path` and `query` are escaped already. */
interface Parts {
  path: Record<string, string>;
  query: [name: string, value: string][];
  headers: Record<string, string>;
  json: unknown;
  bytes: Buffer | undefined;
}

type Change = (parts: Parts) => Parts;
type Mutation = fc.Arbitrary<{ broken: string; change: Change }>;

/** Requests to every operation of the document, each as likely as the next. */
export function generatedRequests(document: OpenApi, known: KnownIds): fc.Arbitrary<GeneratedRequest> {
  const resolve: Resolve = (schema) =>
    schema.$ref ? resolve(document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}) : schema;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestsTo(path, method, operation, known, resolve)),
  );
  return fc.oneof(...operations);
}

function requestsTo(
  path: string,
  method: string,
  operation: Operation,
  known: KnownIds,
  resolve: Resolve,
): fc.Arbitrary<GeneratedRequest> {
  const valid = validParts(path, operation, known, resolve);
  const untouched = fc.constant({ broken: null, change: (parts: Parts) => parts });
  const mutated = fc.oneof(...mutationsOf(operation));
  return fc
    .tuple(valid, fc.oneof({ weight: 2, arbitrary: untouched }, { weight: 3, arbitrary: mutated }))
    .map(([parts, { broken, change }]) => {
      const changed = change(parts);
      const query = changed.query.map(([name, value]) => `${name}=${value}`).join("&");
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => changed.path[name] ?? "");
      return {
        operation: operation.operationId,
        method: method.toUpperCase(),
        path: filled + (query && `?${query}`),
        headers: changed.headers,
        body: changed.bytes ?? (changed.json === undefined ? undefined : Buffer.from(JSON.stringify(changed.json))),
        broken,
        declared: Object.keys(operation.responses).map(Number),
      };
    });
}

function validParts(
  path: string,
  { parameters = [], requestBody, responses }: Operation,
  known: KnownIds,
  resolve: Resolve,
): fc.Arbitrary<Parts> {
  const ids = known[/\/([\w-]+)\/\{/.exec(path)?.[1] ?? ""] ?? [];
  const valuesOf = (where: string) => {
    const here = parameters.filter((parameter) => parameter.in === where);
    const values = here.map(({ name, schema }) => {
      const any = arbitraryOf(schema, resolve).map(String);
      if (where !== "path" || ids.length === 0) return [name, any] as const;
      return [name, fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...ids) }, any)] as const;
    });
    const requiredKeys = here.filter(({ required }) => required).map(({ name }) => name);
    return fc.record(Object.fromEntries(values), { requiredKeys }) as fc.Arbitrary<Record<string, string>>;
  };
  const content = requestBody?.content ?? {};
  const schema = content["application/json"]?.schema;
  const streams = Object.values(responses).some(({ content = {} }) => "text/event-stream" in content);
  return fc
    .record({
      path: valuesOf("path"),
      query: valuesOf("query"),
      headers: valuesOf("header"),
      json: schema ? arbitraryOf(schema, resolve) : fc.constant(undefined),
      bytes: "application/octet-stream" in content ? fc.uint8Array({ maxLength: 64 }) : fc.constant(undefined),
      accept: fc.constantFrom("application/json", streams ? "text/event-stream" : "*/*"),
    })
    .map(({ path, query, headers, json, bytes, accept }) => {
      const type = schema ? "application/json" : bytes && "application/octet-stream";
      return {
        path: Object.fromEntries(Object.entries(path).map(([name, value]) => [name, encodeURIComponent(value)])),
        query: Object.entries(query).map(([name, value]) => [name, escaped(value)]),
        headers: { ...sendable(headers), accept, ...(type && { "content-type": type }) },
        json,
        bytes: bytes && Buffer.from(bytes),
      };
    });
}

/** Half of a surrogate pair has no UTF-8, and so no escape. */
const escaped = (value: string): string => encodeURIComponent(Buffer.from(value).toString());

/** What HTTP allows in the value of a header. */
const sendable = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, "?").trim()]),
  );

const nowhere = "00000000-0000-4000-8000-000000000000";

/** Texts that are likely to reach further than they should. */
const hostileTexts = [
  "",
  " ",
  "\0",
  "a\0b",
  "\x1b]52;c;x\x07",
  "\u202e",
  "\ud800",
  "é",
  "😀",
  "x".repeat(5_000),
  "__proto__",
  "constructor",
  "toString",
  "../../etc/passwd",
  "'; drop table experiment; --",
  "%",
  "null",
  "[]",
  "NaN",
  "Infinity",
  "-1",
  "-0",
  "1e309",
  "0x10",
  "2147483648",
  "9223372036854775808",
  "9".repeat(40),
  nowhere,
  nowhere.toUpperCase(),
  `2026-02-30T00:00:00.000Z~${nowhere}`,
  `0000-01-01T00:00:00.000Z~${nowhere}`,
  `99999999999999~${nowhere}`,
  "18446744073709551616.1",
  "9999999999999999999.999999999999999999",
  "bytes=-1",
  "bytes=99999999999999-",
  "*",
  "0".repeat(64),
];

/** Escapes of what has none, as they come in an address. */
const hostileEscapes = ["%00", "%", "%zz", "%ED%A0%80", "%C0%AF", "%FF", "..%2f..%2f", "%E0%A4%A", "+", "%0d%0aX:%20y"];

const hostileText = fc.constantFrom(...hostileTexts);
const inAddress = fc.oneof(hostileText.map(escaped), fc.constantFrom(...hostileEscapes));
const hostileJson = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(null, true, -1, 0, 0.5, 1e300, 2 ** 31, 2 ** 53, [], {}, [[[[[[]]]]]], { "": {} }),
  fc.jsonValue({ maxDepth: 3 }),
);

function mutationsOf({ parameters = [], requestBody }: Operation): Mutation[] {
  const named = (where: string) => parameters.filter((parameter) => parameter.in === where).map(({ name }) => name);
  const [path, query, header] = [named("path"), named("query"), named("header")];
  const names = (known: string[]) => fc.constantFrom(...known);
  const mutations: Mutation[] = [
    fc
      .tuple(fc.oneof(hostileText.map(escaped), fc.constant("limit[]")), inAddress)
      .map(([name, value]) =>
        mutation(`query ${name}`, (parts) => ({ ...parts, query: [...parts.query, [name, value]] })),
      ),
    fc
      .tuple(names(["if-none-match", "range", "last-event-id", "idempotency-key", ...header]), hostileText)
      .map(([name, value]) =>
        mutation(`header ${name}`, (parts) => ({
          ...parts,
          headers: { ...parts.headers, ...sendable({ [name]: value }) },
        })),
      ),
    hostileText.map((value) =>
      mutation("content-type", (parts) => ({
        ...parts,
        headers: { ...parts.headers, ...sendable({ "content-type": value }) },
      })),
    ),
  ];
  if (path.length > 0) {
    mutations.push(
      fc
        .tuple(names(path), inAddress)
        .map(([name, value]) =>
          mutation(`path ${name}`, (parts) => ({ ...parts, path: { ...parts.path, [name]: value } })),
        ),
    );
  }
  if (query.length > 0) {
    mutations.push(
      fc.tuple(names(query), inAddress).map(([name, value]) =>
        mutation(`query ${name}`, (parts) => ({
          ...parts,
          query: [...parts.query.filter(([known]) => known !== name), [name, value]],
        })),
      ),
      names(query).map((name) =>
        mutation(`query without ${name}`, (parts) => ({
          ...parts,
          query: parts.query.filter(([known]) => known !== name),
        })),
      ),
    );
  }
  if (requestBody?.content["application/json"]) mutations.push(...bodyMutations);
  return mutations;
}

const mutation = (broken: string, change: Change) => ({ broken, change });

/** `at` and `key` choose a place in the body, whatever its size. */
const bodyMutations: Mutation[] = [
  fc
    .tuple(fc.nat(), hostileJson)
    .map(([at, value]) =>
      mutation("a value in the body", (parts) => ({ ...parts, json: replaced(parts.json, at, value) })),
    ),
  fc.tuple(hostileText, hostileJson).map(([key, value]) =>
    mutation(`a field ${JSON.stringify(key)}`, (parts) => ({
      ...parts,
      json: Object.assign(Object.create(null), parts.json, { [key]: value }),
    })),
  ),
  hostileJson.map((json) => mutation("the body", (parts) => ({ ...parts, json }))),
  fc.nat(40).map((length) =>
    mutation("a body cut off", (parts) => ({
      ...parts,
      bytes: Buffer.from(JSON.stringify(parts.json)).subarray(0, length),
    })),
  ),
  fc
    .uint8Array({ maxLength: 40 })
    .map((bytes) => mutation("bytes for a body", (parts) => ({ ...parts, bytes: Buffer.from(bytes) }))),
];

/** The same with one of its values, the `at`th of all of them, replaced. */
function replaced(json: unknown, at: number, value: unknown): unknown {
  const places: ((value: unknown) => void)[] = [];
  const copy = structuredClone(json);
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      const holder = node as Record<string, unknown>;
      places.push((other) => Object.assign(holder, { [key]: other }));
      visit(holder[key]);
    }
  };
  visit(copy);
  const put = places[at % places.length];
  if (!put) return value;
  put(value);
  return copy;
}
