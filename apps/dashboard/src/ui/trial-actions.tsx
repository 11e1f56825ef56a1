import { type Priority, priorities, type Trial, type TrialCommand, trialCommands } from "@reluctant/contracts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client } from "../client.ts";
import { useMay } from "../session/use-may.ts";

type Act = Exclude<TrialCommand, "priority">;

const acts: Record<Act, { label: string; title: string }> = {
  pause: {
    label: "Pause",
    title: "What runs for this trial alone stops with a checkpoint, and nothing starts for it until it is resumed",
  },
  resume: { label: "Resume", title: "Goes on from its checkpoints" },
  retry: { label: "Retry", title: "Runs again what failed or was cancelled; what succeeded stays" },
  cancel: {
    label: "Cancel",
    title: "Stops what no other trial needs. Results stay, and Retry goes on from the last checkpoint",
  },
};

/** What may be asked of one trial as it is now. */
export function TrialActions({ trial }: { trial: Trial }) {
  const queryClient = useQueryClient();
  const change = useMutation({
    mutationFn: (run: () => Promise<Trial>) => run(),
    onSuccess: () => {
      for (const queryKey of [["trial", trial.id], ["experiment", trial.experimentId], ["waiting"]])
        void queryClient.invalidateQueries({ queryKey });
    },
  });
  if (!useMay("member")) return null;
  const { isPending, error } = change;
  const name = `${trial.method} ${trial.budget ?? ""} seed ${trial.seed}`;
  return (
    <span className="row trial-actions">
      {error && (
        <span className="mistake" role="alert">
          {error.message}
        </span>
      )}
      {isFor("priority", trial) && (
        <select
          aria-label={`Priority of ${name}`}
          title="Whose turn comes first; what runs goes on"
          value={trial.priority}
          disabled={isPending}
          onChange={({ target }) => {
            const chosen = target.value as Priority; // React puts the old value back until the answer is there
            change.mutate(() => client.trials.setPriority(trial.id, chosen));
          }}
        >
          {priorities.map((priority) => (
            <option key={priority} value={priority}>
              {priority}
            </option>
          ))}
        </select>
      )}
      {(Object.keys(acts) as Act[])
        .filter((act) => isFor(act, trial))
        .map((act) => (
          <button
            key={act}
            type="button"
            className={act === "cancel" ? "danger" : undefined}
            title={acts[act].title}
            aria-label={`${acts[act].label} ${name}`}
            disabled={isPending}
            onClick={() => change.mutate(() => client.trials[act](trial.id))}
          >
            {acts[act].label}
          </button>
        ))}
    </span>
  );
}

const isFor = (command: TrialCommand, { state }: Trial): boolean =>
  (trialCommands[command] as readonly Trial["state"][]).includes(state);
