import * as contracts from "@reluctant/contracts";
import { type ProblemCode, problemSchema } from "@reluctant/contracts";
import { experimentSpecSchema, stageParamsSchema } from "@reluctant/stages/definitions";
import { z } from "zod";
import { problems } from "./http/problem.ts";
import type { Links, Route } from "./http/route.ts";

/** Schemas that the document names; the others stand where they are used. */
const named = {
  Problem: problemSchema,
  ExperimentSpec: experimentSpecSchema,
  ExperimentSummary: contracts.experimentSummarySchema,
  ExperimentPage: contracts.experimentPageSchema,
  Experiment: contracts.experimentSchema,
  Plan: contracts.planSchema,
  Trial: contracts.trialSchema,
  TrialPage: contracts.trialPageSchema,
  StageRun: contracts.stageRunSchema,
  StageParams: contracts.stageParamsSchema,
  StageResult: contracts.stageResultSchema,
  Attempt: contracts.attemptSchema,
  AttemptList: contracts.attemptListSchema,
  Metrics: contracts.metricsSchema,
  LogPage: contracts.logPageSchema,
  Event: contracts.eventSchema,
  EventPage: contracts.eventPageSchema,
  MaskMaps: contracts.maskMapsSchema,
  FrontierPoint: contracts.frontierPointSchema,
  Frontier: contracts.frontierSchema,
  Dataset: contracts.datasetSchema,
  DatasetList: contracts.datasetListSchema,
  Model: contracts.modelSchema,
  ModelList: contracts.modelListSchema,
  Worker: contracts.workerSchema,
  WorkerList: contracts.workerListSchema,
  Identity: contracts.identitySchema,
  SessionRequest: contracts.sessionRequestSchema,
  TokenRequest: contracts.tokenRequestSchema,
  Token: contracts.tokenSchema,
} satisfies Record<string, z.ZodType>;

/** What contracts leave open and the implementations that there are fill: described in full. */
const inFull = new Map<z.core.$ZodType, z.ZodType>([[contracts.stageParamsSchema, stageParamsSchema]]);

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of `routes`; its schemas are JSON Schema 2020-12, from the contracts. */
export function openApiDocument(routes: Route[]): Json {
  const schemas = schemaWriter();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, schemas.write) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Reluctant",
      version: "1",
      description: "Experiments on partial-ReLU networks for private inference. Errors are RFC 9457 problem details.",
    },
    paths,
    components: {
      schemas: schemas.components(),
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "reluctant_session" },
      },
    },
  };
}

type Io = "input" | "output";
type Write = (schema: z.ZodType, io: Io) => Json;

/** Writes schemas, gathering the named ones as components. A body is described as it is sent, an answer as it comes. */
function schemaWriter(): { write: Write; components(): Json } {
  const names = new Map<z.ZodType, string>(Object.entries(named).map(([name, schema]) => [schema, name]));
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names) registry.add(schema, { id });
  const components: Json = {};
  const write: Write = (schema, io) => {
    const {
      $schema: _,
      $defs,
      ...written
    } = z.toJSONSchema(schema, {
      io,
      metadata: registry,
      unrepresentable: "any",
      override: ({ zodSchema, jsonSchema }) => {
        delete jsonSchema.id;
        const full = inFull.get(zodSchema);
        if (full) fill(jsonSchema, z.toJSONSchema(full, { io }));
        Object.assign(jsonSchema, z.globalRegistry.get(zodSchema)); // what contracts say that Zod cannot: `.meta()`
        if (io === "input" && isOneOrMany(zodSchema)) takeOneItem(jsonSchema);
      },
    }) as Json;
    for (const [name, definition] of Object.entries(($defs ?? {}) as Json)) components[name] ??= rooted(definition);
    const name = names.get(schema);
    if (!name) return rooted(written) as Json;
    components[name] ??= rooted(written);
    return { $ref: `#/components/schemas/${name}` };
  };
  const sorted = () => Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { write, components: sorted };
}

function fill(open: Json, { $schema: _, ...full }: Json): void {
  for (const key of Object.keys(open)) delete open[key];
  Object.assign(open, full);
}

/** A list that reads one item in its place: a transform into a list, which JSON Schema cannot see through. */
function isOneOrMany(schema: z.core.$ZodType): boolean {
  const { def } = schema._zod;
  if (def.type !== "pipe") return false;
  const { in: from, out: to } = def as z.core.$ZodPipeDef;
  return from._zod.def.type === "transform" && to._zod.def.type === "array";
}

function takeOneItem(list: Json): void {
  const { items } = list;
  const many = { ...list };
  for (const key of Object.keys(list)) delete list[key];
  list.anyOf = [items, many];
}

/** The same schema with its references pointing into the document's components. */
const rooted = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/'));

function operation(route: Route, write: Write): Json {
  const parameters = [
    ...parametersIn("path", route.params, write),
    ...parametersIn("query", route.query, write),
    ...parametersIn("header", route.headers, write).filter(({ name }) => name !== "accept"), // OpenAPI forbids it
  ];
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [tagOf(route.path)],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: requestBody(route.body, write) }),
    responses: { ...(route.method === "get" && notModified), ...answersOf(route, write), ...problemsOf(route, write) },
    security: route.access === "open" ? [] : [{ token: [] }, { session: [] }],
    ...(route.access !== "open" && { description: `Needs the role ${route.access}.` }),
  };
}

/** Every read has an ETag. */
const notModified: Json = { 304: { description: "The client has it: If-None-Match names its ETag." } };

const tagOf = (path: string): string => /^\/api\/v1\/([\w-]+)/.exec(path)?.[1] ?? "operations";

function parametersIn(where: "path" | "query" | "header", schema: z.ZodObject | undefined, write: Write) {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: where,
    required: where === "path" || !z.safeParse(field, undefined).success,
    schema: write(field as z.ZodType, "output"),
  }));
}

function requestBody(body: NonNullable<Route["body"]>, write: Write): Json {
  if (body.type === "json") {
    return { required: true, content: { "application/json": { schema: write(body.schema, "input") } } };
  }
  return { required: true, content: { "application/octet-stream": {} } };
}

function answersOf({ answers }: Route, write: Write): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, mediaTypes, links }]) => {
      const types = mediaTypes ?? (schema ? ["application/json"] : []);
      const media = (type: string) => [
        type,
        type === "application/json" && schema ? { schema: write(schema, "output") } : {},
      ];
      const content = types.length > 0 && { content: Object.fromEntries(types.map(media)) };
      return [status, { description, ...content, ...(links && { links: written(links) }) }];
    }),
  );
}

/** Where an answer's values lead: a client, or a tool that tries the API, can follow them. */
const written = (links: Links): Json =>
  Object.fromEntries(
    Object.entries(links).map(([operationId, pointers]) => {
      const parameters = Object.entries(pointers).map(([name, pointer]) => [name, `$response.body#${pointer}`]);
      return [operationId, { operationId, parameters: Object.fromEntries(parameters) }];
    }),
  );

/** One response a status: several codes may share it. */
function problemsOf(route: Route, write: Write): Json {
  const schema = write(problemSchema, "output");
  const responses: Record<string, Json> = {};
  for (const code of codesOf(route)) {
    const { status } = problems[code];
    const description = responses[status] ? `${responses[status].description}, ${code}` : code;
    responses[status] = { description, content: { "application/problem+json": { schema } } };
  }
  return responses;
}

/** The codes that a route can answer: its own, and those of access, body and limits. */
export function codesOf({ access, body, perMinute, path, problems: own = [] }: Route): ProblemCode[] {
  const codes: ProblemCode[] = ["invalid-request", "headers-too-large", ...own];
  if (path === "/healthz") return codes;
  codes.push("busy", "timed-out", "unavailable", "internal");
  if (access !== "open") codes.push("unauthenticated", "forbidden", "bad-origin");
  if (body?.type === "json") codes.push("invalid-json", body.problem ?? "invalid-request");
  if (body) codes.push("request-timeout", "body-too-large", "unsupported-media-type");
  if (perMinute) codes.push("too-many-requests");
  return [...new Set(codes)];
}
