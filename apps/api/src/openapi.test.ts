import { parseBudget } from "@reluctant/contracts";
import { experimentSpecSchema } from "@reluctant/stages/definitions";
import fc from "fast-check";
import { expect, test } from "vitest";
import { problems } from "./http/problem.ts";
import { openApiDocument } from "./openapi.ts";
import { routes } from "./routes/index.ts";

type Json = Record<string, unknown>;

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required: boolean; schema: object }[];
  responses: Record<
    string,
    {
      content?: Record<string, { schema?: object }>;
      links?: Record<string, { operationId: string; parameters: Record<string, string> }>;
    }
  >;
  security: object[];
}

const setup = () => {
  const document = JSON.parse(JSON.stringify(openApiDocument(routes)));
  const paths: Record<string, Record<string, Operation>> = document.paths;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  return { document, operations };
};

test("every route is in the document once, under its own name", () => {
  const { operations } = setup();
  const described = operations.map(({ path, method, operation }) => `${method} ${path} ${operation.operationId}`);
  expect(described.sort()).toEqual(routes.map(({ method, path, name }) => `${method} ${path} ${name}`).sort());
  expect(new Set(routes.map(({ name }) => name)).size).toBe(routes.length);
});

test("every reference resolves, and every component is referred to", () => {
  const { document } = setup();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] as string);
  const targets = new Set(references.map((reference) => /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1]));
  expect([...targets].sort()).toEqual(Object.keys(document.components.schemas).sort());
});

test("path parameters are those of the path, and all are required", () => {
  for (const { path, operation } of setup().operations) {
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
    expect(inPath.every(({ required }) => required)).toBe(true);
  }
});

test("a query parameter is described as it is read, and is optional where it has a default", () => {
  const list = setup().operations.find(({ operation }) => operation.operationId === "listExperiments");
  const limit = list?.operation.parameters?.find(({ name }) => name === "limit");
  expect(limit).toEqual({
    name: "limit",
    in: "query",
    required: false,
    schema: { type: "integer", minimum: 1, maximum: 200, default: 50 },
  });
});

test("a spec's list is described as taking one item in its place", () => {
  const { methods, seeds } = setup().document.components.schemas.ExperimentSpec.properties;
  const typesOf = ({ anyOf }: { anyOf: { type: string }[] }) => anyOf.map(({ type }) => type);
  expect(typesOf(methods)).toEqual(["string", "array"]);
  expect(typesOf(seeds)).toEqual(["array", "object"]);
  expect(seeds.anyOf[0]).toMatchObject({ minItems: 1, maxItems: 1_000 });
});

test("every link names an operation, its path parameters, and where the answer has their values", () => {
  const { document, operations } = setup();
  const resolve = (schema: Json): Json =>
    typeof schema.$ref === "string" ? document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] : schema;
  const at = (schema: Json, [key, ...rest]: string[]): unknown => {
    if (key === undefined) return resolve(schema).type;
    const { items, properties } = resolve(schema) as { items?: Json; properties?: Record<string, Json> };
    const inner = key === "0" ? items : properties?.[key];
    return inner && at(inner, rest);
  };
  const links = operations.flatMap(({ operation }) =>
    Object.values(operation.responses).flatMap(({ links = {}, content }) =>
      Object.values(links).map((link) => ({ ...link, schema: content?.["application/json"]?.schema as Json })),
    ),
  );
  expect(links.length).toBeGreaterThan(10);
  for (const { operationId, parameters, schema } of links) {
    const target = operations.find(({ operation }) => operation.operationId === operationId);
    const inPath = (target?.operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    expect(Object.keys(parameters)).toEqual(inPath.map(({ name }) => name));
    for (const pointer of Object.values(parameters)) {
      expect(at(schema, pointer.replace("$response.body#/", "").split("/")), `${operationId} ${pointer}`).toBe(
        "string",
      );
    }
  }
});

test("the examples of a spec are what the contract accepts, and so is each budget that the document allows", () => {
  const { ExperimentSpec } = setup().document.components.schemas;
  expect(ExperimentSpec.examples.length).toBeGreaterThan(0);
  for (const example of ExperimentSpec.examples) expect(experimentSpecSchema.safeParse(example).error).toBeUndefined();
  const [{ anyOf: forms }] = ExperimentSpec.properties.budgets.anyOf;
  const patterns: string[] = forms.flatMap(({ pattern }: { pattern?: string }) => pattern ?? []);
  expect(patterns).toHaveLength(4);
  for (const pattern of patterns) {
    fc.assert(
      fc.property(fc.stringMatching(new RegExp(pattern)), (budget) => {
        expect(parseBudget(budget)).not.toHaveProperty("error");
      }),
      { numRuns: 300 },
    );
  }
});

test("all but three routes need credentials and say what they answer without", () => {
  const open = setup().operations.filter(({ operation }) => operation.security.length === 0);
  expect(open.map(({ path }) => path).sort()).toEqual(["/api/v1/session", "/healthz", "/readyz"]);
  for (const { operation } of setup().operations) {
    if (operation.security.length > 0) expect(Object.keys(operation.responses)).toContain("401");
  }
});

test("every error answer is problem details with a status of the table", () => {
  const statuses = new Set<number>(Object.values(problems).map(({ status }) => status));
  for (const { operation } of setup().operations) {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (Number(status) < 400) continue;
      expect(statuses).toContain(Number(status));
      expect(content).toEqual({ "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } });
    }
  }
});
