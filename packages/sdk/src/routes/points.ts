import {
  type ExperimentSummary,
  experimentSummarySchema,
  type FoundPoint,
  foundPointsSchema,
  type PointMeasurementInput,
} from "@reluctant/contracts";
import { type Abortable, type Http, path } from "../http.ts";

/** Single points of frontiers. */
export const pointRoutes = (http: Http) => ({
  /** Those whose ids begin so (eight digits or more), ten at most. */
  find: async (begins: string, { signal }: Abortable = {}): Promise<FoundPoint[]> =>
    (await http.get(foundPointsSchema, "/frontier-points", { query: { begins }, signal })).items,
  /** Measures private inference of its network, by an experiment that trains nothing. */
  measure: (
    id: string,
    asked: PointMeasurementInput = {},
    { idempotencyKey = crypto.randomUUID(), signal }: { idempotencyKey?: string } & Abortable = {},
  ): Promise<ExperimentSummary> =>
    http.post(experimentSummarySchema, path`/frontier-points/${id}/measurements`, {
      json: asked,
      headers: { "idempotency-key": idempotencyKey },
      signal,
    }),
});
