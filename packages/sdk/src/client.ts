import {
  type Dataset,
  type DatasetDetail,
  type DatasetList,
  type DatasetPush,
  type DatasetPushAnswer,
  datasetDetailSchema,
  datasetListSchema,
  datasetPushAnswerSchema,
  type Event,
  type Frontier,
  type FrontierAxis,
  type FrontierSelection,
  frontierSchema,
  type ModelResource,
  modelListSchema,
  type Worker,
  workerListSchema,
} from "@reluctant/contracts";
import { type EventsOptions, events } from "./events.ts";
import { type Abortable, createHttp, type HttpOptions } from "./http.ts";
import { artifactRoutes } from "./routes/artifacts.ts";
import { experimentRoutes } from "./routes/experiments.ts";
import { pointRoutes } from "./routes/points.ts";
import { attemptRoutes, stageRunRoutes } from "./routes/stage-runs.ts";
import { sessionRoutes, teamRoutes, tokenRoutes } from "./routes/team.ts";
import { trialRoutes } from "./routes/trials.ts";
import { workerRoutes } from "./routes/workers.ts";

export type ClientOptions = HttpOptions;
export type Client = ReturnType<typeof createClient>;

/**
 * The API as typed functions. Answers are checked against the contracts. All throw ApiError (refused or failed, with
 * the problem), UnreachableError (nothing answered) or AnswerError (another version answered).
 */
export function createClient(options: ClientOptions) {
  const http = createHttp(options);
  return {
    experiments: experimentRoutes(http),
    trials: trialRoutes(http),
    stageRuns: stageRunRoutes(http),
    attempts: attemptRoutes(http),
    artifacts: artifactRoutes(http),
    points: pointRoutes(http),
    session: sessionRoutes(http),
    tokens: tokenRoutes(http),
    teams: teamRoutes(http),
    /**
     * The trade-offs reached on a dataset (`name`, or `name@version`) with a model: all points, or those that no other dominates,
     * which are few however many there are. The recommendation is of all of them either way. Over an axis of cost they are those
     * that were measured in one setting, named by its key or words of it.
     */
    frontier: (
      dataset: string,
      model: string,
      { signal, ...query }: { points?: FrontierSelection; axis?: FrontierAxis; setting?: string } & Abortable = {},
    ): Promise<Frontier> => http.get(frontierSchema, "/frontiers", { query: { dataset, model, ...query }, signal }),
    datasets: async ({ signal }: Abortable = {}): Promise<Dataset[]> =>
      (await http.get(datasetListSchema, "/datasets", { signal })).items,
    /** The datasets, with those that workers found and cannot use. */
    datasetList: ({ signal }: Abortable = {}): Promise<DatasetList> =>
      http.get(datasetListSchema, "/datasets", { signal }),
    /** One by `name` or `name@version`, with its card. */
    dataset: (dataset: string, { signal }: Abortable = {}): Promise<DatasetDetail> =>
      http.get(datasetDetailSchema, `/datasets/${encodeURIComponent(dataset)}`, { signal }),
    /** Offers a prepared data set to all workers, or says which of its shards are to be imported first. */
    pushDataset: (push: DatasetPush, { signal }: Abortable = {}): Promise<DatasetPushAnswer> =>
      http.post(datasetPushAnswerSchema, "/datasets", { json: push, signal }),
    models: async ({ signal }: Abortable = {}): Promise<ModelResource[]> =>
      (await http.get(modelListSchema, "/models", { signal })).items,
    workers: async ({ signal }: Abortable = {}): Promise<Worker[]> =>
      (await http.get(workerListSchema, "/workers", { signal })).items,
    ...workerRoutes(http),
    /** Events as they happen, each exactly once, across lost connections. */
    events: (eventsOptions: EventsOptions = {}): AsyncGenerator<Event> => events(http, eventsOptions),
  };
}
