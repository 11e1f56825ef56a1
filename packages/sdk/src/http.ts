import { AnswerError, apiError, UnreachableError } from "./errors.ts";
import { secondsUntilRetry, sleep, withJitter } from "./retry.ts";

/** Anything that turns an unknown answer into a `T` or throws: a Zod schema of the contracts. */
export interface Schema<T> {
  parse(value: unknown): T;
}

export type Query = Record<string, string | number | undefined>;

/** What fetch sends: bytes, a Blob, a stream, text. */
export type Body = NonNullable<RequestInit["body"]>;

export interface Abortable {
  signal?: AbortSignal | undefined;
}

export interface RequestOptions extends Abortable {
  method?: "GET" | "POST" | "DELETE";
  query?: Query | undefined;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: Body;
  headers?: Record<string, string>;
}

/** One way to the API: address, token and fetch settled. */
export interface Http {
  /** A successful answer to a request sent once, its body unread. */
  sendOnce(path: string, options?: RequestOptions): Promise<Response>;
  /** The same, where the request is sent again when the API asks for that, three times at most. */
  send(path: string, options?: RequestOptions): Promise<Response>;
  /** The parsed JSON of a successful answer to a GET. */
  get<T>(schema: Schema<T>, path: string, options?: Omit<RequestOptions, "method" | "json" | "body">): Promise<T>;
  /** The parsed JSON of a successful answer to a POST. */
  post<T>(schema: Schema<T>, path: string, options?: Omit<RequestOptions, "method">): Promise<T>;
}

export interface HttpOptions {
  /** Where the API runs, such as `http://127.0.0.1:7700`; the page's origin in a browser. */
  baseUrl: string;
  /** Bearer token; without one the browser's session cookie is what counts. */
  token?: string | undefined;
  fetch?: typeof fetch | undefined;
}

export function createHttp({ baseUrl, token, fetch = globalThis.fetch }: HttpOptions): Http {
  const root = `${baseUrl.replace(/\/+$/, "")}/api/v1`;

  async function sendOnce(path: string, { method = "GET", query, json, body, headers, signal }: RequestOptions = {}) {
    const url = `${root}${path}${queryString(query)}`;
    const init: RequestInit = {
      method,
      headers: {
        accept: "application/json",
        ...(token && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(signal && { signal }),
      ...(json !== undefined && { body: JSON.stringify(json) }),
      // Streams are sent while they are read; fetch wants to be told.
      ...(body !== undefined && { body, duplex: "half" }),
    };
    const response = await fetch(url, init).catch((error: unknown) => {
      throw signal?.aborted ? error : new UnreachableError(url, error);
    });
    if (!response.ok) throw await apiError(response);
    return response;
  }

  async function send(path: string, options: RequestOptions = {}): Promise<Response> {
    const { method = "GET", headers, body, signal } = options;
    const idempotent = method !== "POST" || headers?.["idempotency-key"] !== undefined;
    const resendable = !(body instanceof ReadableStream);
    for (let retries = 0; ; retries++) {
      try {
        return await sendOnce(path, options);
      } catch (error) {
        const seconds = secondsUntilRetry(error, { idempotent, resendable, retries });
        if (seconds === null) throw error;
        await sleep(withJitter(seconds * 1_000), signal);
      }
    }
  }

  async function parsed<T>(
    method: "GET" | "POST",
    schema: Schema<T>,
    path: string,
    options?: RequestOptions,
  ): Promise<T> {
    const response = await send(path, { ...options, method });
    try {
      return schema.parse(await response.json());
    } catch (error) {
      throw options?.signal?.aborted ? error : new AnswerError(`${method} ${path}`, error);
    }
  }

  return {
    sendOnce,
    send,
    get: (schema, path, options) => parsed("GET", schema, path, options),
    post: (schema, path, options) => parsed("POST", schema, path, options),
  };
}

function queryString(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, String(value));
  return parameters.size ? `?${parameters}` : "";
}

/** A path from parts that come from outside: `path\`/trials/${id}\`` escapes what it is given. */
export const path = (parts: TemplateStringsArray, ...values: string[]): string =>
  parts.reduce((text, part, i) => text + encodeURIComponent(values[i - 1] ?? "") + part);
