import type { Experiment, ExperimentSummary } from "@reluctant/contracts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../client.ts";
import { useMay } from "../../session/use-may.ts";
import { CancelDialog } from "./cancel-dialog.tsx";

interface Action {
  label: string;
  title: string;
  run: (id: string) => Promise<ExperimentSummary>;
}

const pause: Action = {
  label: "Pause",
  title: "What runs for it alone stops with a checkpoint, and nothing starts until it is resumed",
  run: (id) => client.experiments.pause(id),
};
const resume: Action = {
  label: "Resume",
  title: "Goes on from its checkpoints",
  run: (id) => client.experiments.resume(id),
};
const retry: Action = {
  label: "Retry",
  title: "Runs again what failed or was cancelled; what succeeded stays",
  run: (id) => client.experiments.retry(id),
};

function actionsOf({ state, progress: { failed, cancelled } }: Experiment): Action[] {
  if (state === "paused") return [resume];
  return [...(state === "active" ? [pause] : []), ...(failed + cancelled > 0 ? [retry] : [])];
}

/** What may be asked of an experiment as it is now. */
export function Actions({ experiment }: { experiment: Experiment }) {
  const [cancelling, setCancelling] = useState(false);
  const queryClient = useQueryClient();
  const change = useMutation({
    mutationFn: ({ run }: Action) => run(experiment.id),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ["experiment", experiment.id] });
      void queryClient.invalidateQueries({ queryKey: ["waiting"] });
    },
  });
  if (!useMay("member")) return null;
  const mayCancel = experiment.state === "active" || experiment.state === "paused";
  return (
    <>
      {change.error && (
        <p className="mistake" role="alert">
          {change.error.message}
        </p>
      )}
      {actionsOf(experiment).map((action) => (
        <button
          key={action.label}
          type="button"
          title={action.title}
          disabled={change.isPending}
          onClick={() => change.mutate(action)}
        >
          {action.label}
        </button>
      ))}
      {mayCancel && (
        <button type="button" className="danger" onClick={() => setCancelling(true)}>
          Cancel…
        </button>
      )}
      {cancelling && <CancelDialog experiment={experiment} onClose={() => setCancelling(false)} />}
    </>
  );
}
