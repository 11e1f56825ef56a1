import type { Event, Problem } from "@reluctant/contracts";
import { createLoginLink } from "@reluctant/control";
import { createClient } from "@reluctant/sdk";
import { afterEach, expect, test, vi } from "vitest";
import { startApi } from "../api.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

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

/** Commits an event that tells `reason`. */
const announce = ({ pool, teamId }: Api, reason: string) =>
  pool.query(`insert into event (team_id, type, data) values ($1, 'experiment.changed', $2)`, [
    teamId,
    { state: "active", reason },
  ]);

const reasonOf = (event: Event): unknown => (event.data as { reason?: string }).reason;

/** Logs a browser in; answers what it would send with each request. */
async function logIn({ url, control, request }: Api) {
  const { link } = await createLoginLink(control, { team: "lab", name: "browser", role: "admin" });
  const origin = { authorization: undefined, origin: url };
  const response = await request("/api/v1/session", {
    method: "POST",
    headers: { ...json, ...origin },
    body: JSON.stringify({ link }),
  });
  const cookie = response.headers.get("set-cookie") ?? "";
  return { link, response, cookie, headers: { authorization: undefined, cookie: cookie.split(";")[0] } };
}

test("a login link opens one session, whose cookie scripts and other sites cannot use, and which ends at logout", async () => {
  const lab = await setup();
  const { link, response, cookie, headers } = await logIn(lab);
  expect(response.status).toBe(204);
  expect(cookie).toMatch(/^reluctant_session=[\w-]+; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/);
  const whoAmI = () => lab.request("/api/v1/session", { headers });
  expect(await (await whoAmI()).json()).toEqual({ team: "lab", name: "browser", role: "admin" });

  const again = await lab.request("/api/v1/session", {
    method: "POST",
    headers: { ...json, origin: lab.url },
    body: JSON.stringify({ link }),
  });
  expect(((await again.json()) as Problem).code).toBe("link-expired");

  const logout = await lab.request("/api/v1/session", { method: "DELETE", headers: { ...headers, origin: lab.url } });
  expect(logout.status).toBe(204);
  expect((await whoAmI()).status).toBe(401);
});

test("a session's writes are refused without an origin, from another origin, and from another site", async () => {
  const lab = await setup();
  const { headers } = await logIn(lab);
  const submit = (origin: Record<string, string | undefined>) =>
    lab.request("/api/v1/experiments", {
      method: "POST",
      headers: { ...json, ...headers, ...origin },
      body: JSON.stringify(spec),
    });
  for (const origin of [
    {},
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: lab.url, "sec-fetch-site": "cross-site" },
  ]) {
    const problem = (await (await submit(origin)).json()) as Problem;
    expect([problem.code, problem.errors?.[0]?.field]).toEqual(["bad-origin", "Origin"]);
  }
  expect((await submit({ origin: lab.url, "sec-fetch-site": "same-origin" })).status).toBe(202);
});

test("the same Idempotency-Key and body is one experiment, also when sent at once; another body is refused", async () => {
  const lab = await setup();
  const submit = (body: object) =>
    lab.request("/api/v1/experiments", {
      method: "POST",
      headers: { ...json, "idempotency-key": "sweep-1" },
      body: JSON.stringify(body),
    });
  const answers = await Promise.all([
    submit(spec),
    submit(spec),
    submit(Object.fromEntries(Object.entries(spec).reverse())),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(new Set(answers.map(({ headers }) => headers.get("location"))).size).toBe(1);
  expect(((await (await submit({ ...spec, name: "other" })).json()) as Problem).code).toBe("idempotency-mismatch");
  expect((await lab.pool.query("select 1 from experiment")).rowCount).toBe(1);
});

test("a stream taken up again by Last-Event-ID goes on after it, misses nothing and repeats nothing", async () => {
  const lab = await setup();
  const client = createClient({ baseUrl: lab.url, token: lab.tokens.viewer });
  const take = async (count: number, after?: string) => {
    const taken: Event[] = [];
    for await (const event of client.events({ after })) {
      taken.push(event);
      if (taken.length === count) break;
    }
    return taken;
  };
  for (let number = 1; number <= 3; number += 1) await announce(lab, String(number));
  const first = await take(2);
  const following = take(3, first.at(-1)?.cursor);
  await announce(lab, "4");
  await announce(lab, "5");
  expect([...first, ...(await following)].map(reasonOf)).toEqual(["1", "2", "3", "4", "5"]);
});

test("another team's events are not told", async () => {
  const lab = await setup();
  const { rows } = await lab.pool.query("insert into team (name) values ('rival') returning id");
  await lab.pool.query(
    `insert into event (team_id, type, data) values ($1, 'experiment.changed', '{"state":"active","reason":null}')`,
    [rows[0].id],
  );
  const page = (await (await lab.request("/api/v1/events")).json()) as { events: Event[] };
  expect(page.events).toEqual([]);
});

test("without Redis submits are accepted, and readiness says what is down", async () => {
  const lab = await setup({ redisUrl: "redis://127.0.0.1:1" });
  const body = JSON.stringify(spec);
  expect((await lab.request("/api/v1/experiments", { method: "POST", headers: json, body })).status).toBe(202);
  const ready = await lab.request("/readyz", { headers: { authorization: undefined } });
  expect([ready.status, await ready.json()]).toEqual([200, { postgres: "up", redis: "down" }]);
});

test("without Postgres the API says so and when to come back; it heals by itself, and its streams go on", async () => {
  const lab = await setup();
  const client = createClient({ baseUrl: lab.url, token: lab.tokens.viewer });
  const left = new AbortController();
  const connections: string[] = [];
  const stream = client.events({ signal: left.signal, onConnection: (state) => connections.push(state) });
  await announce(lab, "before");
  expect(reasonOf((await stream.next()).value)).toBe("before");

  await lab.cable.cut();
  const response = await lab.request("/api/v1/experiments");
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(((await response.json()) as Problem).code).toBe("unavailable");
  expect((await lab.request("/readyz")).status).toBe(503);
  expect((await lab.request("/healthz")).status).toBe(200);

  await lab.cable.mend();
  await announce(lab, "after");
  expect(reasonOf((await stream.next()).value)).toBe("after");
  expect(connections).toEqual(["open"]);
  expect((await lab.request("/api/v1/experiments")).status).toBe(200);
  left.abort();
  await stream.return(undefined);
});

test("a submit that others get in the way of each time is told to come back, and nothing of it stays", async () => {
  const lab = await setup();
  await lab.pool.query(`
    create sequence tries;
    create function collide() returns trigger language plpgsql as $$
      begin perform nextval('tries'); raise exception using errcode = 'serialization_failure'; end $$;
    create trigger collides after insert on experiment for each row execute function collide()`);
  const submit = () =>
    lab.request("/api/v1/experiments", { method: "POST", headers: json, body: JSON.stringify(spec) });
  const refused = await submit();
  const { code, detail } = (await refused.json()) as Problem;
  expect([refused.status, refused.headers.get("retry-after"), code]).toEqual([503, "5", "busy"]);
  expect(detail).toMatch("nothing was done");
  const { rows } = await lab.pool.query(
    "select last_value::int as tries, (select count(*)::int from experiment) as kept from tries",
  );
  expect(rows).toEqual([{ tries: 6, kept: 0 }]);
  await lab.pool.query("drop trigger collides on experiment");
  expect((await submit()).status).toBe(202);
});

test("imported bytes come back whole and in ranges, to the team that brought them only", async () => {
  const lab = await setup();
  const bytes = Buffer.from("weights of a network");
  const stored = await lab.request("/api/v1/artifacts", {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
  });
  const location = stored.headers.get("location") as string;
  expect(await (await lab.request(location)).text()).toBe("weights of a network");
  const part = await lab.request(location, { headers: { range: "bytes=11-12" } });
  expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 11-12/20", "a "]);
  const known = await lab.request(location, {
    headers: { "if-none-match": stored.headers.get("location")?.replace(/.*\/(.*)/, '"$1"') },
  });
  expect(known.status).toBe(304);
  await lab.pool.query("delete from artifact_import");
  expect((await lab.request(location)).status).toBe(404);
});

test("nothing that opens a door reaches the log", async () => {
  const lab = await setup();
  const { link, cookie } = await logIn(lab);
  await lab.request("/api/v1/experiments?search=x");
  const log = lab.logged.join("");
  expect(log).toContain('"msg":"request"');
  for (const secret of [lab.tokens.member, link, cookie.split(/[=;]/)[1] as string]) expect(log).not.toContain(secret);
});

test.each(["/metrics", "/openapi.json", "/admin/queues/", "/api/v1/experiments"])(
  "%s is closed to strangers",
  async (path) => {
    const lab = await setup();
    expect((await lab.request(path, { headers: { authorization: undefined } })).status).toBe(401);
  },
);

test("the queues' pages are for admins, and only to look at", async () => {
  const lab = await setup();
  const asAdmin = { authorization: `Bearer ${lab.tokens.admin}` };
  expect((await lab.request("/admin/queues/api/queues")).status).toBe(403);
  const response = await lab.request("/admin/queues/api/queues", { headers: asAdmin });
  const { queues } = (await response.json()) as { queues: { readOnlyMode: boolean }[] };
  expect(queues.length).toBeGreaterThan(0);
  expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
  expect(
    (await lab.request("/admin/queues/api/queues/train.default/pause", { method: "PUT", headers: asAdmin })).status,
  ).toBe(404);
});

test("a page without a built dashboard says what to do", async () => {
  const lab = await setup();
  const response = await lab.request("/experiments", { headers: { authorization: undefined, accept: "text/html" } });
  expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("npm run build")]);
});
