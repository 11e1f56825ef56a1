import { openApiDocument, routes } from "@reluctant/api";
import type { Problem, Role } from "@reluctant/contracts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startApi } from "../api.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

let api: Awaited<ReturnType<typeof startApi>>;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** What no row has, by the parameter's name. */
const unknown: Record<string, string> = {
  id: "00000000-0000-4000-8000-000000000000",
  sha256: "0".repeat(64),
  name: "no-such-worker",
  dataset: "no-such-data-set",
};

/** What is wanted of a body where an empty one would not do. */
const bodies: Record<string, object> = Object.fromEntries(
  ["experiments/{id}", "trials/{id}", "experiments/{id}/trials"].map((of) => [
    `/api/v1/${of}/priority`,
    { priority: "low" },
  ]),
);

const document = openApiDocument(routes) as { paths: Record<string, Record<string, unknown>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  path.includes("{") ? Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })) : [],
);
/** Workers serve every team, and teams share them: admins alone change that, and others are told so whatever the name. */
const mayAsk = (role: Role, { method, path }: { method: string; path: string }) =>
  method === "GET" || (/\/(workers|teams)\//.test(path) ? role === "admin" : role !== "viewer");

test("every parameter of a path has a value that no row has", () => {
  const names = operations.flatMap(({ path }) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  expect([...new Set(names)].sort()).toEqual(Object.keys(unknown).sort());
});

// An admin sees every team's rows, by other statements.
test.each(
  (["viewer", "member", "admin"] as const).flatMap((role) =>
    operations.filter((operation) => mayAsk(role, operation)).map((operation) => ({ role, ...operation })),
  ),
)("$method $path of what is not there is a 404 for a $role", async ({ role, method, path }) => {
  const response = await api.request(
    path.replaceAll(/\{(\w+)\}/g, (_, name) => unknown[name] ?? ""),
    {
      method,
      headers: { authorization: `Bearer ${api.tokens[role]}`, "content-type": "application/json" },
      ...(method === "POST" && { body: JSON.stringify(bodies[path] ?? {}) }),
    },
  );
  const problem = (await response.json()) as Problem;
  expect([response.status, problem.code]).toEqual([404, "not-found"]);
});

test.each(
  ["/api/v1/plans", "/api/v1/experiments"].flatMap((path) =>
    ["arModel", "sensitivity", "masks"].map((field) => ({ path, field })),
  ),
)("POST $path with an $field that is not there is a 422 that names it, for an admin too", async ({ path, field }) => {
  const spec = { name: "sweep", dataset: "glyphs", model: "resnet8", recipe: "debug" };
  const artifacts =
    field === "masks"
      ? { masks: unknown.sha256, arModel: unknown.sha256 }
      : { [field]: unknown.sha256, budgets: ["10%"] };
  const response = await api.request(path, {
    method: "POST",
    headers: { authorization: `Bearer ${api.tokens.admin}`, "content-type": "application/json" },
    body: JSON.stringify({ ...spec, ...artifacts }),
  });
  const problem = (await response.json()) as Problem;
  expect([response.status, problem.code]).toEqual([422, "invalid-spec"]);
  expect(problem.errors?.map((error) => error.field)).toContain(field);
});
