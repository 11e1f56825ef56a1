import type { StageRun, Trial } from "@reluctant/contracts";
import { useQuery } from "@tanstack/react-query";
import { client } from "../../client.ts";

/** Milliseconds between two looks at a trial that goes on. */
const refresh = 3_000;

export interface TrialAndRuns {
  trial: Trial;
  /** Its stage runs in the order of the stages. */
  runs: StageRun[];
}

export const useTrial = (id: string) =>
  useQuery({
    queryKey: ["trial", id],
    queryFn: async ({ signal }): Promise<TrialAndRuns> => {
      const trial = await client.experiments.trial(id, { signal });
      const runs = trial.needs.map(({ stageRunId }) => client.stageRuns.get(stageRunId, { signal }));
      return { trial, runs: await Promise.all(runs) };
    },
    refetchInterval: ({ state }) => (goesOn(state.data?.trial) ? refresh : false),
  });

const goesOn = (trial: Trial | undefined): boolean =>
  trial?.state === "waiting" || trial?.state === "running" || trial?.state === "paused";

/** Looked at as often as a trial that goes on: what is measured of its network is another experiment's to tell of. */
export const useTrialPoints = (id: string) =>
  useQuery({
    queryKey: ["trial-points", id],
    queryFn: ({ signal }) => client.trials.points(id, { signal }),
    refetchInterval: refresh,
  });

/** An artifact never changes. */
export const useMaskMaps = (sha256: string | undefined) =>
  useQuery({
    queryKey: ["mask-maps", sha256],
    queryFn: ({ signal }) => client.artifacts.maskMaps(sha256 ?? "", { signal }),
    enabled: sha256 !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
