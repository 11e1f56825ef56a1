import type { Event, Experiment, MetricSeries, StageRun, Trial } from "@reluctant/contracts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client } from "../../client.ts";
import { escapeTexts } from "../../safe-text.ts";
import { lastCommonStep, mergeSeries } from "./metrics.ts";

/** Milliseconds between two looks at numbers that change with every step; state changes come as events at once. */
const refreshMs = 1_500;
/** Points of a curve that are asked for at once: more than a chart has pixels. */
const maxPoints = 2_000;
/** Events kept for the history; older ones stay in the API. */
export const maxEvents = 1_000;
/** Trials drawn in the grid; beyond it cells would be smaller than their numbers. */
export const maxTrials = 2_000;

export const useExperiment = (id: string) =>
  useQuery({
    queryKey: ["experiment", id],
    queryFn: ({ signal }) => client.experiments.get(id, { signal }),
    refetchInterval: ({ state }) => (state.data?.state === "active" ? refreshMs : false),
  });

/** The grid changes when a trial ends, which comes as an event; the slow look is for what an event does not say. */
export const useTrials = (experiment: Experiment) =>
  useQuery({
    queryKey: ["experiment", experiment.id, "trials"],
    queryFn: async ({ signal }) => {
      const trials: Trial[] = [];
      for await (const trial of client.experiments.allTrials(experiment.id, { signal })) {
        trials.push(trial);
        if (trials.length === maxTrials) break;
      }
      return trials;
    },
    refetchInterval: experiment.state === "active" ? refreshMs * 4 : false,
  });

/** Why a stage run has no slot yet; of one that has ended, or begun, nothing is asked. */
export const useWaiting = ({ id, state, progress }: StageRun) => {
  const mayWait = state === "blocked" || state === "ready" || (state === "active" && progress === null);
  return useQuery({
    queryKey: ["waiting", id],
    queryFn: ({ signal }) => client.stageRuns.waiting(id, { signal }),
    enabled: mayWait,
    refetchInterval: refreshMs * 4,
    select: (waiting) => (mayWait ? waiting : null),
  });
};

/** Metric points of a stage run; while it is active only the later ones are fetched and added. */
export function useMetrics(stageRunId: string, active: boolean) {
  const queryClient = useQueryClient();
  const queryKey = ["metrics", stageRunId];
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const known = queryClient.getQueryData<MetricSeries[]>(queryKey) ?? [];
      const afterStep = lastCommonStep(known);
      const news = await client.stageRuns.metrics(stageRunId, { afterStep, most: maxPoints, signal });
      return mergeSeries(known, news);
    },
    refetchInterval: active ? refreshMs : false,
  });
}

/**
 * The experiment's events, past and as they come. Each one makes what it speaks of be read again; of a burst (a long
 * history) only the last does.
 */
export function useHistory(id: string): { events: Event[]; connection: "open" | "waiting" } {
  const queryClient = useQueryClient();
  const [events, setEvents] = useState<Event[]>([]);
  const [connection, setConnection] = useState<"open" | "waiting">("waiting");

  useEffect(() => {
    const abort = new AbortController();
    let batch: Event[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const fresh = batch;
      batch = [];
      setEvents((before) => [...before, ...fresh].slice(-maxEvents));
      void queryClient.invalidateQueries({ queryKey: ["experiment", id] });
      for (const run of new Set(fresh.map((event) => event.stageRunId))) {
        if (run) void queryClient.invalidateQueries({ queryKey: ["metrics", run] });
        if (run) void queryClient.invalidateQueries({ queryKey: ["attempts", run] });
      }
    };
    const follow = async () => {
      for await (const event of client.events({
        experimentId: id,
        signal: abort.signal,
        onConnection: setConnection,
      })) {
        batch.push(escapeTexts(event)); // a stream is read as it comes, beside `fetchEscaped`
        timer ??= setTimeout(flush, 100);
      }
    };
    // A refusal (experiment unknown, session ended) is shown by the page's own query, which meets it too.
    follow().catch(() => setConnection("waiting"));
    return () => {
      abort.abort();
      clearTimeout(timer);
      setEvents([]);
    };
  }, [id, queryClient]);

  return { events, connection };
}
