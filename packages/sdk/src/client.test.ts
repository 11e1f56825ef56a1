import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Event } from "@reluctant/contracts";
import { afterEach, describe, expect, test } from "vitest";
import { AnswerError, ApiError, createClient, UnreachableError } from "./index.ts";

const id = "00000000-0000-4000-8000-000000000001";
type Handler = (request: IncomingMessage, response: ServerResponse, call: number) => void | Promise<void>;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A real HTTP server that answers with `handler`, and a client of it. `requests` are its requests so far. */
async function setup(handler: Handler) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    void handler(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: createClient({ baseUrl, token: "rlt_secret" }), requests, baseUrl };
}

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};

const summary = (n: number) => ({
  id: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  name: `sweep ${n}`,
  state: "active",
  reason: null,
  dataset: "cifar10",
  datasetVersion: "a".repeat(64),
  model: "resnet20",
  recipe: "debug",
  methods: ["senet"],
  budgets: [1000],
  seeds: [1],
  trials: 1,
  progress: { total: 4, succeeded: 1, cached: 0, active: 1, waiting: 2, failed: 0, cancelled: 0 },
  best: null,
  gpuSeconds: 1,
  etaSeconds: null,
  owner: "local",
  createdAt: "2026-01-01T00:00:00.000Z",
  finishedAt: null,
});

describe("requests", () => {
  test("carry the token, the idempotency key and the spec, and answers come back typed", async () => {
    let body = "";
    const { client, requests } = await setup(async (request, response) => {
      body = await text(request);
      json(response, 202, summary(1));
    });
    const spec = { name: "sweep 1", dataset: "cifar10", model: "resnet20", recipe: "debug", budgets: ["10%"] };
    const experiment = await client.experiments.submit(spec, { idempotencyKey: "once" });
    expect(experiment.name).toBe("sweep 1");
    expect(requests[0]).toMatchObject({
      method: "POST",
      url: "/api/v1/experiments",
      headers: { authorization: "Bearer rlt_secret", "idempotency-key": "once", "content-type": "application/json" },
    });
    expect(JSON.parse(body)).toEqual(spec);
  });

  test("escape what goes into a path and leave out what is not given", async () => {
    const { client, requests } = await setup((_, response) => json(response, 200, { items: [], next: null }));
    await client.experiments.trials("../tokens?x=1");
    await client.experiments.list({ search: "a&b", state: undefined });
    expect(requests.map((request) => request.url)).toEqual([
      "/api/v1/experiments/..%2Ftokens%3Fx%3D1/trials",
      "/api/v1/experiments?search=a%26b",
    ]);
  });

  test("fetch page after page until there is no next", async () => {
    const { client, requests } = await setup((request, response) => {
      const after = Number(new URL(request.url as string, "http://x").searchParams.get("after") ?? 0);
      json(response, 200, {
        items: [summary(after + 1), summary(after + 2)],
        next: after < 4 ? String(after + 2) : null,
      });
    });
    const names: string[] = [];
    for await (const experiment of client.experiments.all()) names.push(experiment.name);
    expect(names).toEqual([1, 2, 3, 4, 5, 6].map((n) => `sweep ${n}`));
    expect(requests).toHaveLength(3);
  });

  test("throw the API's problem, with the field at fault in the message", async () => {
    const problem = {
      type: "about:blank",
      title: "The experiment's spec is not valid",
      status: 422,
      code: "invalid-spec",
      detail: "1 field is wrong",
      errors: [{ field: "budgets[0]", message: "must be at least 1" }],
    };
    const { client } = await setup((_, response) => json(response, 422, problem));
    const error = await client.experiments.get(id).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, problem, message: "1 field is wrong (budgets[0]: must be at least 1)" });
  });

  test("tell a proxy's error page, an unknown shape and silence apart", async () => {
    const { client, baseUrl } = await setup((request, response) =>
      request.url === "/api/v1/workers"
        ? void response.writeHead(502).end("<html>")
        : json(response, 200, { items: [{ odd: true }] }),
    );
    await expect(client.workers()).rejects.toMatchObject({
      name: "ApiError",
      status: 502,
      problem: { code: "unavailable" },
    });
    await expect(client.models()).rejects.toBeInstanceOf(AnswerError);
    for (const close of closers.splice(0)) await close();
    await expect(createClient({ baseUrl }).models()).rejects.toBeInstanceOf(UnreachableError);
  });

  const later = (response: ServerResponse, status: number, code: string, seconds = 0): void => {
    response.setHeader("retry-after", seconds);
    json(response, status, { type: "about:blank", title: "", status, code, detail: "later" });
  };
  const spec = { name: "sweep 1", dataset: "cifar10", model: "resnet20", recipe: "debug", budgets: ["10%"] };

  test("are sent again when the API says when, with the same key", async () => {
    const { client, requests } = await setup((_, response, call) => {
      if (call === 1) return later(response, 503, "busy");
      if (call === 2) return later(response, 503, "unavailable");
      json(response, 202, summary(1));
    });
    expect((await client.experiments.submit(spec)).name).toBe("sweep 1");
    expect(new Set(requests.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(requests).toHaveLength(3);
  });

  test.each<[what: string, calls: number, status: number, code: string, seconds: number | undefined]>([
    ["four times at most", 4, 503, "busy", 0],
    ["once where it would have to wait for long", 1, 503, "busy", 3_600],
    ["once where it is not said when", 1, 503, "busy", undefined],
    ["once where it may have been done", 1, 503, "timed-out", 0],
    ["four times where it was refused unread", 4, 429, "too-many-requests", 0],
    ["once where it was refused for good", 1, 409, "conflict", 0],
  ])("that create something are sent %s", async (_, calls, status, code, seconds) => {
    const { client, requests } = await setup((_, response) => {
      if (seconds !== undefined) return later(response, status, code, seconds);
      json(response, status, { type: "about:blank", title: "", status, code, detail: "later" });
    });
    const token = client.tokens.create({ name: "x", role: "viewer" });
    await expect(token).rejects.toMatchObject({ name: "ApiError", status, problem: { code } });
    expect(requests).toHaveLength(calls);
  });

  test("whose body is a stream are sent once", async () => {
    const { client, requests } = await setup(async (request, response) => {
      await text(request);
      later(response, 503, "busy");
    });
    const body = new Blob(["bytes"]).stream();
    await expect(client.artifacts.import(body)).rejects.toMatchObject({ status: 503 });
    expect(requests).toHaveLength(1);
  });

  test("stream artifacts in both directions", async () => {
    const { client } = await setup(async (request, response) => {
      if (request.method === "GET")
        return void response
          .writeHead(200, { "content-type": "application/x-safetensors", "content-length": 5 })
          .end("bytes");
      json(response, 201, { sha256: "b".repeat(64), bytes: (await text(request)).length });
    });
    const download = await client.artifacts.download("a".repeat(64));
    expect(download).toMatchObject({ bytes: 5, mediaType: "application/x-safetensors" });
    const stored = await client.artifacts.import(download.body);
    expect(stored).toEqual({ sha256: "b".repeat(64), bytes: 5 });
  });
});

const event = (n: number): Event => ({
  cursor: `7.${n}`,
  at: "2026-01-01T00:00:00.000Z",
  experimentId: id,
  stageRunId: null,
  attemptId: null,
  type: "experiment.changed",
  data: { state: "active", reason: `event ${n} – ünïcode` },
});
const message = (n: number): string => `id: 7.${n}\nevent: experiment.changed\ndata: ${JSON.stringify(event(n))}\n\n`;
const open = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { "content-type": "text/event-stream" });
const lastEventId = (request: IncomingMessage): number =>
  Number(String(request.headers["last-event-id"] ?? "7.0").slice(2));

/** Reads `wanted` events, then aborts. */
async function take(client: ReturnType<typeof createClient>, wanted: number, after?: string) {
  const abort = new AbortController();
  const reasons: number[] = [];
  const states: string[] = [];
  for await (const { cursor } of client.events({
    after,
    signal: abort.signal,
    onConnection: (state) => states.push(state),
  })) {
    reasons.push(Number(cursor.slice(2)));
    if (reasons.length === wanted) abort.abort();
  }
  return { seen: reasons, states };
}

describe("the event stream", () => {
  test("misses and repeats nothing while connections drop before, in the middle of and after an event", async () => {
    const { client, requests } = await setup((request, response, call) => {
      const from = lastEventId(request) + 1;
      if (call === 1) return void request.socket.destroy();
      if (call === 2)
        return void open(response).write(message(from) + message(from + 1).slice(0, 60), () =>
          request.socket.destroy(),
        );
      if (call === 3) return void open(response).end(message(from));
      if (call === 4) return void response.writeHead(503).end();
      open(response).write([0, 1, 2].map((n) => message(from + n)).join(""));
    });
    const { seen, states } = await take(client, 5);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(requests.map((request) => request.headers["last-event-id"])).toEqual([
      undefined,
      undefined,
      "7.1",
      "7.2",
      "7.2",
    ]);
    expect(states).toEqual(["waiting", "open", "waiting", "open", "waiting", "waiting", "open"]);
  });

  test("begins after the cursor that it is given", async () => {
    const { client } = await setup((request, response) => void open(response).write(message(lastEventId(request) + 1)));
    expect((await take(client, 1, "7.41")).seen).toEqual([42]);
  });

  test("reads events cut at every byte, with any line ending, comments and types it does not know", async () => {
    const unknown = `id: 7.2\ndata: {"type":"from-the-future"}\n\n`;
    const bytes = Buffer.from(
      `: hello\n\n${message(1)}${unknown}${message(3).replaceAll("\n", "\r\n")}${message(4).replaceAll("\n", "\r")}:`,
    );
    const { client } = await setup(async (_, response) => {
      open(response);
      for (const byte of bytes) {
        response.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
    });
    expect((await take(client, 3)).seen).toEqual([1, 3, 4]);
  });

  test("joins data of several lines", async () => {
    const data = JSON.stringify(event(1), null, 1)
      .split("\n")
      .map((line) => `data: ${line}\n`)
      .join("");
    const { client } = await setup((_, response) => void open(response).write(`id: 7.1\n${data}\n`));
    expect((await take(client, 1)).seen).toEqual([1]);
  });

  test("ends with the API's refusal instead of asking again", async () => {
    const problem = { type: "about:blank", title: "", status: 401, code: "unauthenticated", detail: "log in" };
    const { client, requests } = await setup((_, response) => json(response, 401, problem));
    await expect(take(client, 1)).rejects.toMatchObject({ name: "ApiError", status: 401 });
    expect(requests).toHaveLength(1);
  });

  test("ends quietly when aborted while waiting, and closes its connection when the reader leaves", async () => {
    let closed = () => {};
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    const { client } = await setup((request, response) => {
      request.socket.on("close", () => closed());
      open(response).write(message(1));
    });
    for await (const _ of client.events()) break;
    await isClosed;

    const down = createClient({ baseUrl: "http://127.0.0.1:9" });
    const abort = new AbortController();
    const stream = down.events({ signal: abort.signal, onConnection: () => abort.abort() });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});
