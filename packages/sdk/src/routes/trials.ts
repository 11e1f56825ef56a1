import {
  type Priority,
  type Trial,
  type TrialFilterInput,
  type TrialPoint,
  type TrialsChanged,
  trialPointsSchema,
  trialSchema,
  trialsChangedSchema,
} from "@reluctant/contracts";
import { type Abortable, type Http, path } from "../http.ts";

/** Of an experiment those that are of one of the values of each field that is given; all without one. */
export type TrialFilter = TrialFilterInput;

export const trialRoutes = (http: Http) => {
  const one =
    (command: string) =>
    (id: string): Promise<Trial> =>
      http.post(trialSchema, path`/trials/${id}/${command}`);
  const many =
    (command: string) =>
    (experimentId: string, filter: TrialFilter = {}): Promise<TrialsChanged> =>
      http.post(trialsChangedSchema, path`/experiments/${experimentId}/trials/${command}`, { json: filter });

  return {
    /** The partial-ReLU networks that it reached, with what was measured of each; none before its last stage has ended. */
    points: async (id: string, { signal }: Abortable = {}): Promise<TrialPoint[]> =>
      (await http.get(trialPointsSchema, path`/trials/${id}/points`, { signal })).items,
    /** What runs for it alone stops with a checkpoint, and nothing starts for it until it is resumed. */
    pause: one("pause"),
    resume: one("resume"),
    /** What other trials need too goes on; finished results stay. */
    cancel: one("cancel"),
    /** Runs again what failed or was cancelled of it. */
    retry: one("retry"),
    /** Gives what waits of it a turn of its own; what runs goes on. */
    setPriority: (id: string, priority: Priority): Promise<Trial> =>
      http.post(trialSchema, path`/trials/${id}/priority`, { json: { priority } }),
    /** The same for the trials of an experiment that a filter selects and that the command is for. */
    ofExperiment: {
      pause: many("pause"),
      resume: many("resume"),
      cancel: many("cancel"),
      retry: many("retry"),
      setPriority: (experimentId: string, priority: Priority, filter: TrialFilter = {}): Promise<TrialsChanged> =>
        http.post(trialsChangedSchema, path`/experiments/${experimentId}/trials/priority`, {
          json: { ...filter, priority },
        }),
    },
  };
};
