import { once } from "node:events";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { type Problem, problemSchema } from "@reluctant/contracts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startApi } from "../api.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

let api: Awaited<ReturnType<typeof startApi>>;
beforeAll(async () => {
  api = await startApi({ limits: { bodyMs: 500 } });
});
afterAll(() => api.close());

const submits = "POST /api/v1/experiments HTTP/1.1";
const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);

/** Bytes as they come out of a socket, unlike what a client library would let pass. */
interface Raw {
  line: string;
  headers?: string[];
  body?: string | Buffer;
}

/** What the API says to these bytes. */
async function answerTo({
  line,
  headers = [],
  body = "",
}: Raw): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
  await once(socket, "connect");
  const named = (name: string) => headers.some((header) => header.toLowerCase().startsWith(`${name}:`));
  const all = [
    "Host: api",
    "Connection: close",
    ...(named("authorization") ? [] : [`Authorization: Bearer ${api.tokens.member}`]),
    ...(body.length === 0 || named("content-type") ? [] : ["Content-Type: application/json"]),
    ...(body.length === 0 || named("content-length") || named("transfer-encoding")
      ? []
      : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...headers,
  ];
  socket.on("error", () => {}); // one that ends before it has read everything
  socket.write(`${[line, ...all].join("\r\n")}\r\n\r\n`);
  socket.write(body);
  const text = (await buffer(socket)).toString();
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), head, body: rest.join("\r\n\r\n") };
}

const spec = JSON.stringify({ name: "sweep", dataset: "glyphs", model: "resnet8", recipe: "debug", budgets: ["10%"] });
const json = (headers: string[]): Raw => ({ line: submits, headers, body: spec });
const get = (path: string, ...headers: string[]): Raw => ({ line: `GET ${path} HTTP/1.1`, headers });

const refused: [what: string, raw: Raw, status: number, code: Problem["code"]][] = [
  ["Latin-1", json(["Content-Type: application/json; charset=iso-8859-1"]), 415, "unsupported-media-type"],
  ["UTF-16", json(["Content-Type: application/json; charset=utf-16"]), 415, "unsupported-media-type"],
  ["an encoding that is none", json(["Content-Type: application/json; charset=utf-99"]), 415, "unsupported-media-type"],
  ["a type that is none", json(["Content-Type: ;;;"]), 415, "unsupported-media-type"],
  [
    "bytes that are not UTF-8",
    { line: submits, body: Buffer.from('{"name":"\xff\xfe"}', "latin1") },
    400,
    "invalid-json",
  ],
  [
    "an empty body",
    { line: submits, headers: ["Content-Type: application/json", "Content-Length: 0"] },
    422,
    "invalid-spec",
  ],
  ["no body", { line: submits, headers: ["Content-Type: application/json"] }, 422, "invalid-spec"],
  ["null", { line: submits, body: "null" }, 422, "invalid-spec"],
  ["a million brackets", { line: submits, body: nested("[", "]", 500_000) }, 422, "invalid-spec"],
  ["brackets in a field", { line: submits, body: `{"budgets":${nested("[", "]", 400_000)}}` }, 422, "invalid-spec"],
  [
    "deep objects",
    { line: submits, body: `{"settings":${'{"train":'.repeat(100_000)}1${"}".repeat(100_000)}}` },
    422,
    "invalid-spec",
  ],
  ["a million brackets that do not close", { line: submits, body: "[".repeat(1_000_000) }, 400, "invalid-json"],
  ["2 MB", { line: submits, body: Buffer.alloc(2_000_000, " ") }, 413, "body-too-large"],
  ["a body that does not come", { ...json(["Content-Length: 5000"]) }, 408, "request-timeout"],
  [
    "an artifact that stalls",
    {
      line: "POST /api/v1/artifacts HTTP/1.1",
      headers: ["Content-Type: application/octet-stream", "Transfer-Encoding: chunked"],
      body: "3\r\nabc\r\n",
    },
    408,
    "request-timeout",
  ],
  [
    "chunks that are none",
    { line: submits, headers: ["Transfer-Encoding: chunked"], body: "zz\r\n" },
    400,
    "invalid-request",
  ],
  ["two lengths", json(["Transfer-Encoding: chunked", "Content-Length: 3"]), 400, "invalid-request"],
  ["a negative length", json(["Content-Length: -1"]), 400, "invalid-request"],
  ["a header of 20 KB", get("/api/v1/experiments", `X-Long: ${"x".repeat(20_000)}`), 431, "headers-too-large"],
  ["an address of 20 KB", get(`/api/v1/experiments?search=${"x".repeat(20_000)}`), 431, "headers-too-large"],
  ["a header with NUL", get("/api/v1/events", "Last-Event-ID: 1\0.2"), 400, "invalid-request"],
  ["no HTTP", { line: "HELO example.org" }, 400, "invalid-request"],
  ["a method that is none", { line: "FETCH /api/v1/experiments HTTP/1.1" }, 400, "invalid-request"],
  ["NUL in a search", get("/api/v1/experiments?search=%00"), 400, "invalid-request"],
  ["NUL in a search's middle", get("/api/v1/experiments?search=a%00b"), 400, "invalid-request"],
  ["NUL in an id", get("/api/v1/experiments/%00"), 400, "invalid-request"],
  ["NUL in a series", get(`/api/v1/stage-runs/${crypto.randomUUID()}/metrics?series=%00`), 400, "invalid-request"],
  ["NUL in a dataset's name", get("/api/v1/frontiers?dataset=%00&model=resnet8"), 400, "invalid-request"],
  ["NUL in a spec's name", { line: submits, body: spec.replace("sweep", "\\u0000") }, 422, "invalid-spec"],
  ["NUL in a spec's recipe", { line: submits, body: spec.replace("debug", "\\u0000") }, 422, "invalid-spec"],
  ["half of a surrogate pair", { line: submits, body: spec.replace("debug", "\\ud800") }, 422, "invalid-spec"],
  [
    "a cursor of 30 February",
    get(`/api/v1/experiments?after=2026-02-30T00:00:00.000Z~${crypto.randomUUID()}`),
    400,
    "invalid-request",
  ],
  [
    "a cursor beyond all time",
    get(`/api/v1/experiments?after=${"9".repeat(15)}~${crypto.randomUUID()}`),
    400,
    "invalid-request",
  ],
  ["an event's cursor in octal", get("/api/v1/events?after=010.1"), 400, "invalid-request"],
  ["an event's cursor beyond 64 bits", get(`/api/v1/events?after=${"9".repeat(20)}.1`), 400, "invalid-request"],
  [
    "a trial's cursor beyond 32 bits",
    get(`/api/v1/experiments/${crypto.randomUUID()}/trials?after=4294967296`),
    400,
    "invalid-request",
  ],
  [
    "a step beyond 32 bits",
    get(`/api/v1/stage-runs/${crypto.randomUUID()}/metrics?afterStep=2147483648`),
    400,
    "invalid-request",
  ],
  [
    "an offset beyond 32 bits",
    get(`/api/v1/attempts/${crypto.randomUUID()}/log?offset=2147483648`),
    400,
    "invalid-request",
  ],
  ["a parameter twice", get("/api/v1/experiments?limit=1&limit=2"), 400, "invalid-request"],
  ["a parameter in brackets", get("/api/v1/experiments?limit[]=1"), 400, "invalid-request"],
  ["a parameter named __proto__", get("/api/v1/experiments?__proto__=1"), 400, "invalid-request"],
  ["a parameter without a name", get("/api/v1/experiments?=1"), 400, "invalid-request"],
  ["an escape that is none", get("/api/v1/trials/%zz"), 400, "invalid-request"],
  ["TRACE", { line: "TRACE /api/v1/experiments HTTP/1.1" }, 405, "method-not-allowed"],
  ["OPTIONS", { line: "OPTIONS /api/v1/experiments HTTP/1.1" }, 405, "method-not-allowed"],
  ["a write to what is read only", { line: "PUT /healthz HTTP/1.1" }, 405, "method-not-allowed"],
  ["a read of what is written only", get("/api/v1/tokens"), 405, "method-not-allowed"],
  ["a slash too many", get("/api/v1/experiments/"), 404, "not-found"],
  ["a path with an empty part", get("/api//v1/experiments"), 404, "not-found"],
];

test.each(refused)("%s is answered with a problem", async (_, raw, status, code) => {
  const answer = await answerTo(raw);
  expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(`"code":"${code}"`)]);
  expect(problemSchema.parse(JSON.parse(answer.body)).status).toBe(status);
  expect(answer.head).toMatch(/content-type: application\/problem\+json; charset=utf-8/i);
  if (status === 405) expect(answer.head).toMatch(/^allow: [A-Z, ]+$/im);
});

test.each([
  ["UTF-8 in quotes", json(['Content-Type: application/json; charset="UTF-8"']), 202],
  ["a byte order mark", { line: submits, body: `\ufeff${spec}` }, 202],
  ["an expectation that nobody knows", json(["Expect: miracles"]), 202],
  ["an event's largest cursor", get(`/api/v1/events?after=${"9".repeat(19)}.${"9".repeat(18)}`), 200],
  ["a list's largest cursor", get(`/api/v1/experiments?after=${"9".repeat(14)}~${crypto.randomUUID()}`), 200],
  [
    "a range that is none",
    get("/api/v1/experiments", "Range: bytes=5-1", "If-None-Match: none", "Accept: x/y;q=0"),
    200,
  ],
  ["a body where none is read", { line: "GET /api/v1/experiments HTTP/1.1", body: "{" }, 200],
])("%s is accepted", async (_, raw: Raw, status) => {
  expect((await answerTo(raw)).status).toBe(status);
});

test("two requests on one connection, the second of them broken, get two answers", async () => {
  const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
  socket.write("GET /healthz HTTP/1.1\r\nHost: api\r\n\r\n");
  await once(socket, "data");
  socket.write("\0\r\n\r\n");
  expect((await buffer(socket)).toString()).toContain('"code":"invalid-request"');
});
