import type { ProblemCode, Role } from "@reluctant/contracts";
import type { Request } from "express";
import type { z } from "zod";
import type { AppDeps } from "../deps.ts";
import type { AuthenticatedCaller } from "./auth.ts";

/** `open` needs no credentials; a role needs a token or session of at least that role. */
export type Access = "open" | Role;

/** What a handler answers; the app sends it. `stream` ends early, by its `return`, when the client leaves. */
export type Answer = { status: number; headers?: Record<string, string> } & (
  | { json: unknown }
  | { text: string }
  | { stream: AsyncIterable<Uint8Array | string> }
  | { empty: true }
);

/** How a body is sent: JSON that a schema checks, or bytes that the handler streams from `request`. */
type BodyInput<B extends z.ZodType> =
  | { type: "json"; schema: B; problem?: ProblemCode }
  | { type: "bytes"; maxBytes: number };

/** Routes that an answer leads to, by name: their path parameters, as JSON pointers into the answer's body. */
export type Links = Record<string, Record<string, string>>;

type AnswerShapes = Record<number, { description: string; schema?: z.ZodType; mediaTypes?: string[]; links?: Links }>;

export interface RouteContext<A extends Access, P, Q, H, B> {
  deps: AppDeps;
  identity: A extends "open" ? null : AuthenticatedCaller;
  params: P;
  query: Q;
  headers: H;
  body: B;
  request: Request;
  /** Aborted when the client leaves or the process stops. */
  signal: AbortSignal;
}

/**
 * One route, declared once: it is routed, checked, and described in the OpenAPI document from this.
 * `path` has OpenAPI's form (`/experiments/{id}`); a query without schema takes no parameters.
 */
export interface RouteInput<
  A extends Access,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  H extends z.ZodObject,
  B extends z.ZodType,
> {
  /** `operationId` of the document. */
  name: string;
  method: "get" | "post" | "delete";
  path: string;
  summary: string;
  access: A;
  params?: P;
  query?: Q;
  /** Named in lower case; others are let through unread. */
  headers?: H;
  body?: BodyInput<B>;
  answers: AnswerShapes;
  /** Problems beyond those that access, body and validation bring. */
  problems?: ProblemCode[];
  /** Takes no place in the line: what tells whether the API is well. */
  urgent?: true;
  /** Requests a minute from one address. */
  perMinute?: number;
  handle(context: RouteContext<A, z.output<P>, z.output<Q>, z.output<H>, z.output<B>>): Promise<Answer>;
}

/** A route whatever its types; only what the app and the document do with it. */
// biome-ignore lint/suspicious/noExplicitAny: the context's type is settled where the route is declared.
export type Route = RouteInput<any, any, any, any, any>;

type Nothing = z.ZodObject<Record<never, never>>;

/** Declares a route: the handler's context is typed by the schemas. */
export const route = <
  A extends Access,
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  H extends z.ZodObject = Nothing,
  B extends z.ZodType = z.ZodUndefined,
>(
  input: RouteInput<A, P, Q, H, B>,
): Route => input;
