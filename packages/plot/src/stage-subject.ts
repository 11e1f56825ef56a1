import type { StageRun, Trial } from "@reluctant/contracts";

/** What a stage run is for, so that terminal and dashboard name it by the same words. */
export interface StageSubject {
  model: string;
  /** Those whose trials need it, by name; none for what every method shares, and where its trials are not known. */
  methods: string[];
  /** Of those trials, ascending: several for a search that descends through them. */
  budgets: number[];
  seed: number;
}

/** @param trials of the experiment, as far as they are known */
export function stageSubjects(trials: readonly Trial[]): (stageRun: StageRun) => StageSubject {
  const needing = new Map<string, Trial[]>();
  for (const trial of trials) {
    for (const { stageRunId } of trial.needs) needing.set(stageRunId, [...(needing.get(stageRunId) ?? []), trial]);
  }
  return ({ id, kind, params, seed }) => {
    const { model } = params;
    if (kind === "train" || kind === "sensitivity") return { model, methods: [], budgets: [], seed };
    const served = needing.get(id) ?? [];
    const budgets = served.flatMap(({ budget }) => budget ?? []);
    if (served.length === 0 && params.kind === "mask-search") budgets.push(params.budget);
    return {
      model,
      methods: [...new Set(served.map(({ method }) => method))].sort(),
      budgets: [...new Set(budgets)].sort((a, b) => a - b),
      seed,
    };
  };
}
