/**
 * Client of the Reluctant API, for Node 20.19 and browsers.
 *
 * ```ts
 * const client = createClient({ baseUrl: "http://127.0.0.1:7700", token });
 * const experiment = await client.experiments.submit(spec);
 * for await (const event of client.events({ experimentId: experiment.id, signal })) console.log(event.type);
 * ```
 */
export { type Client, type ClientOptions, createClient } from "./client.ts";
export { AnswerError, ApiError, UnreachableError } from "./errors.ts";
export type { EventsOptions } from "./events.ts";
export type { Abortable, Body } from "./http.ts";
export type { Download } from "./routes/artifacts.ts";
export type { ExperimentFilter } from "./routes/experiments.ts";
export type { TrialFilter } from "./routes/trials.ts";
