import {
  type EventPage,
  type Experiment,
  type ExperimentSpecInput,
  type ExperimentState,
  type ExperimentSummary,
  type ExtensionInput,
  eventPageSchema,
  experimentPageSchema,
  experimentSchema,
  experimentSummarySchema,
  type Page,
  type PlanAnswer,
  type Priority,
  planSchema,
  type Trial,
  trialPageSchema,
  trialSchema,
} from "@reluctant/contracts";
import { type Abortable, type Http, path } from "../http.ts";
import { allItems } from "../pages.ts";

export interface ExperimentFilter {
  state?: ExperimentState | undefined;
  /** Words in the name. */
  search?: string | undefined;
}

export const experimentRoutes = (http: Http) => {
  const list = (
    filter: ExperimentFilter & Abortable & { after?: string | undefined; limit?: number } = {},
  ): Promise<Page<ExperimentSummary>> => {
    const { signal, after, limit, state, search } = filter;
    return http.get(experimentPageSchema, "/experiments", { query: { after, limit, state, search }, signal });
  };

  const trials = (
    id: string,
    { after, signal }: { after?: string | undefined } & Abortable = {},
  ): Promise<Page<Trial>> => http.get(trialPageSchema, path`/experiments/${id}/trials`, { query: { after }, signal });

  return {
    /** Submits a spec. Sent twice with the same `idempotencyKey` it makes one experiment. */
    submit: (
      spec: ExperimentSpecInput,
      { idempotencyKey = crypto.randomUUID(), signal }: { idempotencyKey?: string } & Abortable = {},
    ): Promise<ExperimentSummary> =>
      http.post(experimentSummarySchema, "/experiments", {
        json: spec,
        headers: { "idempotency-key": idempotencyKey },
        signal,
      }),
    /** What a spec would train, and what of it is in the store already. Nothing is started. */
    plan: (spec: ExperimentSpecInput, { signal }: Abortable = {}): Promise<PlanAnswer> =>
      http.post(planSchema, "/plans", { json: spec, signal }),
    /** One page, newest first; pass its `next` as `after`. */
    list,
    /** Every experiment, newest first, page by page as they are asked for. */
    all: (filter: ExperimentFilter & Abortable = {}): AsyncGenerator<ExperimentSummary> =>
      allItems((after) => list({ ...filter, after })),
    get: (id: string, { signal }: Abortable = {}): Promise<Experiment> =>
      http.get(experimentSchema, path`/experiments/${id}`, { signal }),
    /** Stops what no other experiment needs; finished results stay. */
    cancel: (id: string): Promise<ExperimentSummary> =>
      http.post(experimentSummarySchema, path`/experiments/${id}/cancel`),
    /** What runs for it alone stops with a checkpoint, and nothing starts until it is resumed. */
    pause: (id: string): Promise<ExperimentSummary> =>
      http.post(experimentSummarySchema, path`/experiments/${id}/pause`),
    resume: (id: string): Promise<ExperimentSummary> =>
      http.post(experimentSummarySchema, path`/experiments/${id}/resume`),
    /** Runs again what failed or was cancelled. */
    retry: (id: string): Promise<ExperimentSummary> =>
      http.post(experimentSummarySchema, path`/experiments/${id}/retry`),
    /** Adds the trials that come of more methods, budgets or seeds. */
    extend: (id: string, extension: ExtensionInput): Promise<ExperimentSummary> =>
      http.post(experimentSummarySchema, path`/experiments/${id}/extend`, { json: extension }),
    /** Gives what waits another turn; what runs goes on. */
    setPriority: (id: string, priority: Priority): Promise<ExperimentSummary> =>
      http.post(experimentSummarySchema, path`/experiments/${id}/priority`, { json: { priority } }),
    trials,
    allTrials: (id: string, { signal }: Abortable = {}): AsyncGenerator<Trial> =>
      allItems((after) => trials(id, { after, signal })),
    trial: (id: string, { signal }: Abortable = {}): Promise<Trial> =>
      http.get(trialSchema, path`/trials/${id}`, { signal }),
    /** Past events, oldest first; `client.events` goes on from their cursor. */
    history: (id: string, { after, signal }: { after?: string | undefined } & Abortable = {}): Promise<EventPage> =>
      http.get(eventPageSchema, path`/experiments/${id}/events`, { query: { after }, signal }),
  };
};
