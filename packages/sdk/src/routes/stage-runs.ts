import {
  type Attempt,
  attemptListSchema,
  type LogPage,
  logPageSchema,
  type MetricSeries,
  metricsSchema,
  type StageRun,
  stageRunSchema,
  type Waiting,
  waitingSchema,
} from "@reluctant/contracts";
import { type Abortable, type Http, path } from "../http.ts";

export const stageRunRoutes = (http: Http) => ({
  get: (id: string, { signal }: Abortable = {}): Promise<StageRun> =>
    http.get(stageRunSchema, path`/stage-runs/${id}`, { signal }),
  /** Why it has no slot yet; null where it does not wait. */
  waiting: async (id: string, { signal }: Abortable = {}): Promise<Waiting["waiting"]> =>
    (await http.get(waitingSchema, path`/stage-runs/${id}/waiting`, { signal })).waiting,
  attempts: async (id: string, { signal }: Abortable = {}): Promise<Attempt[]> =>
    (await http.get(attemptListSchema, path`/stage-runs/${id}/attempts`, { signal })).items,
  /**
   * Points of all series, or of one; with `afterStep` only those of later steps. A series of more than `most` points is told by the
   * lowest and the highest of each stretch and by its last: 2,000 draw a curve of 1,000,000 steps as it is.
   */
  metrics: async (
    id: string,
    {
      series,
      afterStep,
      most,
      signal,
    }: { series?: string; afterStep?: number | undefined; most?: number } & Abortable = {},
  ): Promise<MetricSeries[]> =>
    (await http.get(metricsSchema, path`/stage-runs/${id}/metrics`, { query: { series, afterStep, most }, signal }))
      .series,
});

export const attemptRoutes = (http: Http) => ({
  /** A piece of an attempt's log from a byte offset; ask again from its `next` until `ended`. */
  log: (id: string, { offset, signal }: { offset?: number } & Abortable = {}): Promise<LogPage> =>
    http.get(logPageSchema, path`/attempts/${id}/log`, { query: { offset }, signal }),
});
