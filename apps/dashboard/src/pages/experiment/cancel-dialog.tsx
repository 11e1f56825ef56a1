import type { Experiment } from "@reluctant/contracts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../client.ts";
import { plural } from "../../format.ts";
import { Dialog } from "../../ui/dialog.tsx";

/** Says what will stop and what stays, and asks for the experiment's name: half-done training is not brought back. */
export function CancelDialog({ experiment, onClose }: { experiment: Experiment; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const queryClient = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => client.experiments.cancel(experiment.id),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ["experiment", experiment.id] });
      onClose();
    },
  });
  const { active, waiting, succeeded } = experiment.progress;
  return (
    <Dialog title={`Cancel ${experiment.name}?`} onClose={onClose}>
      <ul>
        <li>
          Stops {plural(active, "running stage")} and drops {plural(waiting, "waiting one")}, except those that another
          experiment needs too.
        </li>
        <li>
          Keeps {plural(succeeded, "finished stage")} and {succeeded === 1 ? "its" : "their"} results: the same spec,
          submitted again, goes on from there.
        </li>
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          cancel.mutate();
        }}
      >
        <label htmlFor="name">
          To cancel, type its name: <b>{experiment.name}</b>
        </label>
        <input
          id="name"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoComplete="off"
          spellCheck={false}
        />
        {cancel.error && (
          <p className="mistake" role="alert">
            {cancel.error.message}
          </p>
        )}
        <p className="row">
          <button type="submit" className="danger" disabled={typed !== experiment.name || cancel.isPending}>
            Cancel the experiment
          </button>
          <button type="button" onClick={onClose}>
            Let it run
          </button>
        </p>
      </form>
    </Dialog>
  );
}
