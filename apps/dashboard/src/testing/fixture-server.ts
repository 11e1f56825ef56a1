import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Event, FieldError, PointMeasurement, Role, Trial } from "@reluctant/contracts";
import * as fixtures from "./fixtures.ts";

export interface FixtureServer {
  url: string;
  /** Lets the running stage go on: its curve reaches `step`, and an event tells it. */
  advance(step: number): void;
  /** Drops every open event stream. */
  dropStreams(): void;
  stop(): Promise<void>;
}

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** As strict as the API's own. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'";
/** What opens a session here. */
export const loginLink = "a-login-link-of-the-fixture-server";

export interface FixtureOptions {
  /** As if a cookie had come before. */
  loggedIn: boolean;
  /** Of who is logged in. */
  role?: Role;
  /** Changes what every answer and event says. */
  rewrite?: (json: string) => string;
}

/** The built dashboard in `dist` with an API that answers from the fixtures. */
export async function startFixtureServer(
  dist: string,
  { loggedIn, role = "admin", rewrite = (json) => json }: FixtureOptions,
): Promise<FixtureServer> {
  const identity = { team: "local", name: "owner", role };
  let session = loggedIn;
  let step = 1_060;
  let experiment = fixtures.experiment;
  let trials = fixtures.trials;
  const changeTrial = (id: string | undefined, change: Partial<Trial>) => {
    trials = trials.map((trial) => (trial.id === id ? { ...trial, ...change } : trial));
    return trials.find((trial) => trial.id === id);
  };
  const events = [...fixtures.events];
  const streams = new Set<ServerResponse>();
  const page = (items: unknown[]) => ({ items, next: null });

  const resources: [RegExp, (match: RegExpMatchArray, query: URLSearchParams, body: string) => unknown][] = [
    [
      /^\/experiments$/,
      (_, query) => page(fixtures.experiments.filter(({ name }) => name.includes(query.get("search") ?? ""))),
    ],
    [/^\/experiments\/([^/]+)\/trials$/, () => page(trials)],
    [/^\/experiments\/([^/]+)$/, ([, id]) => (id === experiment.id ? experiment : null)],
    [/^\/experiments\/[^/]+\/pause$/, () => (experiment = { ...experiment, state: "paused", reason: "paused by ana" })],
    [/^\/experiments\/[^/]+\/resume$/, () => (experiment = { ...experiment, state: "active", reason: null })],
    [/^\/stage-runs\/([^/]+)\/waiting$/, ([, id]) => ({ waiting: fixtures.waitingOf(id ?? "", experiment.state) })],
    [/^\/trials\/([^/]+)$/, ([, id]) => trials.find((trial) => trial.id === id)],
    [/^\/trials\/([^/]+)\/points$/, ([, id]) => ({ items: fixtures.pointsOfTrial(id ?? "") })],
    [/^\/trials\/([^/]+)\/pause$/, ([, id]) => changeTrial(id, { state: "paused" })],
    [/^\/trials\/([^/]+)\/resume$/, ([, id]) => changeTrial(id, { state: "waiting" })],
    [/^\/trials\/([^/]+)\/priority$/, ([, id], _, body) => changeTrial(id, JSON.parse(body))],
    [/^\/stage-runs\/([^/]+)$/, ([, id]) => fixtures.stageRuns.find((run) => run.id === id)],
    [/^\/artifacts\/([^/]+)\/mask-maps$/, ([, sha256]) => fixtures.maskMaps(sha256 ?? "")],
    [/^\/stage-runs\/([^/]+)\/attempts$/, () => ({ items: fixtures.attempts })],
    [
      /^\/stage-runs\/([^/]+)\/metrics$/,
      (_, query) => ({ series: after(fixtures.curve(step), Number(query.get("afterStep") ?? -1)) }),
    ],
    [/^\/frontiers$/, () => fixtures.frontier],
    [
      /^\/datasets$/,
      () => ({
        items: fixtures.datasets,
        preparing: fixtures.preparingDatasets,
        unusable: fixtures.unusableDatasets,
      }),
    ],
    [/^\/datasets\/[^/]+$/, () => ({ ...fixtures.datasets[0], card: fixtures.datasetCard })],
    [/^\/models$/, () => ({ items: fixtures.models })],
    [/^\/workers$/, () => ({ items: fixtures.workers })],
  ];

  function answer(method: string, path: string, query: URLSearchParams, body: string): Answer {
    if (path === "/session" && method === "POST") {
      session = JSON.parse(body).link === loginLink;
      return session ? { status: 200, body: identity } : problem(410, "link-expired", "the link was used before");
    }
    if (!session) return problem(401, "unauthenticated", "log in");
    if (path === "/session") return { status: 200, body: identity };
    if (/^\/frontier-points\/[^/]+\/measurements$/.test(path)) return measured(JSON.parse(body));
    for (const [pattern, resource] of resources) {
      const match = pattern.exec(path);
      const found = match && resource(match, query, body);
      if (found) return { status: 200, body: found };
    }
    return problem(404, "not-found", `there is no ${path}`);
  }

  function stream(lastId: string | undefined, response: ServerResponse): void {
    streams.add(response.writeHead(200, { "content-type": "text/event-stream" }));
    response.on("close", () => streams.delete(response));
    const seen = events.findIndex((event) => event.cursor === lastId) + 1;
    for (const event of events.slice(seen)) response.write(sse(event, rewrite));
    response.flushHeaders();
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url as string, "http://localhost");
    if (!url.pathname.startsWith("/api/v1")) return file(dist, url.pathname, response);
    let body = "";
    for await (const chunk of request) body += chunk;
    if (session && url.pathname.endsWith("/events"))
      return stream(request.headers["last-event-id"] as string, response);
    const { status, body: value } = answer(
      request.method as string,
      url.pathname.slice("/api/v1".length),
      url.searchParams,
      body,
    );
    response.writeHead(status, { "content-type": "application/json" }).end(rewrite(JSON.stringify(value)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    advance(to) {
      step = to;
      const news = { ...(events.at(-2) as Event), cursor: `1.${events.length + 1}`, at: new Date().toISOString() };
      events.push(news);
      for (const response of streams) response.write(sse(news, rewrite));
    },
    dropStreams() {
      for (const response of streams) response.destroy();
    },
    stop: () => stop(server),
  };
}

const sse = (event: { cursor: string }, rewrite: (json: string) => string): string =>
  `id: ${event.cursor}\ndata: ${rewrite(JSON.stringify(event))}\n\n`;

const after = (series: ReturnType<typeof fixtures.curve>, afterStep: number) =>
  series.map(({ series: name, steps, values }) => {
    const from = steps.findIndex((step) => step > afterStep);
    return { series: name, steps: from < 0 ? [] : steps.slice(from), values: from < 0 ? [] : values.slice(from) };
  });

interface Answer {
  status: number;
  body: unknown;
}

const problem = (status: number, code: string, detail: string, errors?: FieldError[]): Answer => ({
  status,
  body: { type: "about:blank", title: detail, status, code, detail, errors },
});

/** As the API answers what it finds no fault with, and what it does. */
function measured({ samples, batch }: PointMeasurement): Answer {
  const message = `${samples} samples are no whole number of batches of ${batch}`;
  return samples % batch === 0
    ? { status: 202, body: fixtures.experiments[0] }
    : problem(422, "invalid-spec", `batch: ${message}`, [{ field: "batch", message }]);
}

function file(dist: string, path: string, response: ServerResponse): void {
  const wanted = join(dist, path);
  const found = extname(path) && existsSync(wanted) ? wanted : join(dist, "index.html");
  response
    .writeHead(200, {
      "content-type": types[extname(found)] ?? "application/octet-stream",
      "content-security-policy": policy,
    })
    .end(readFileSync(found));
}

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
