import { type ExperimentSummary, networkProfileNames, type PiMeasurement, piSystems } from "@reluctant/contracts";
import { linearTitles, protocolTitles } from "@reluctant/plot";
import { piSystemPresets } from "@reluctant/relu";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { client } from "../client.ts";
import { Dialog } from "../ui/dialog.tsx";
import { type Asked, defaultAsked, inSystem, inWords, requestOf } from "./asked.ts";
import { faultsOf } from "./faults.ts";
import { Amount, Choice, Several } from "./fields.tsx";
import "./measuring.css";

/** A frontier point whose network can be measured. */
export interface Network {
  pointId: string;
  seed: number;
  measurements: PiMeasurement[];
}

interface Props {
  /** What they are called: `senet · 18,841`. */
  title: string;
  /** One for each seed. */
  networks: Network[];
  onClose: () => void;
}

/** Asks how private inference of a network is to be measured, and says what that would do. */
export function MeasureDialog({ title, networks, onClose }: Props) {
  const [asked, setAsked] = useState(defaultAsked);
  const [pointId, setPointId] = useState(networks[0]?.pointId ?? "");
  const network = networks.find((each) => each.pointId === pointId);
  const queryClient = useQueryClient();
  const measure = useMutation({
    mutationFn: () => client.points.measure(pointId, requestOf(asked)),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["trial-points"] }),
  });
  const faults = faultsOf(measure.error, Object.keys(asked));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    measure.mutate();
  };
  return (
    <Dialog title="Measure private inference" onClose={onClose}>
      {measure.data ? (
        <Submitted experiment={measure.data} onClose={onClose} />
      ) : (
        <form onSubmit={submit} noValidate>
          <p className="muted">{title}</p>
          <div className="fields">
            {networks.length > 1 && (
              <Choice
                label="Seed"
                fault={undefined}
                options={networks.map((each) => ({ value: each.pointId, text: String(each.seed) }))}
                value={pointId}
                onChange={setPointId}
              />
            )}
            <Fields asked={asked} faults={faults.fields} onChange={setAsked} />
          </div>
          <ul className="muted" aria-live="polite">
            {inWords(asked, network?.measurements ?? []).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          {faults.general && (
            <p className="mistake" role="alert">
              {faults.general}
            </p>
          )}
          <p className="row">
            <button type="submit" className="primary" disabled={measure.isPending}>
              Measure
            </button>
            <button type="button" onClick={onClose}>
              Leave it
            </button>
          </p>
        </form>
      )}
    </Dialog>
  );
}

interface FieldsProps {
  asked: Asked;
  faults: Partial<Record<string, string>>;
  onChange: (asked: Asked) => void;
}

function Fields({ asked, faults, onChange }: FieldsProps) {
  const { linear, relus } = piSystemPresets[asked.system];
  const change = (part: Partial<Asked>) => onChange({ ...asked, ...part });
  return (
    <>
      <Choice
        label="System"
        fault={faults.system}
        options={piSystems.map((value) => ({ value, text: piSystemPresets[value].title }))}
        value={asked.system}
        onChange={(system) => onChange(inSystem(asked, system))}
      />
      <Choice
        label="Linear layers by"
        fault={faults.linear}
        options={linear.by.map((value) => ({ value, text: linearTitles[value] }))}
        value={asked.linear}
        onChange={(chosen) => change({ linear: chosen })}
      />
      <Several
        label="ReLUs by"
        fault={faults.protocols}
        options={relus.by.map((value) => ({ value, text: protocolTitles[value] }))}
        values={asked.protocols}
        onChange={(protocols) => change({ protocols })}
      />
      <Several
        label="Network between the parties"
        fault={faults.profiles}
        options={networkProfileNames.map((value) => ({ value, text: profileTitles[value] }))}
        values={asked.profiles}
        onChange={(profiles) => change({ profiles })}
      />
      <Amount
        label="Test images"
        fault={faults.samples}
        value={asked.samples}
        onChange={(samples) => change({ samples })}
      />
      <Amount
        label="Images of one inference"
        fault={faults.batch}
        value={asked.batch}
        onChange={(batch) => change({ batch })}
      />
      <Amount
        label="Threads of each party"
        fault={faults.threads}
        value={asked.threads}
        onChange={(threads) => change({ threads })}
      />
      <label className="tick">
        <input
          type="checkbox"
          checked={asked.remeasure}
          onChange={({ target }) => change({ remeasure: target.checked })}
        />
        Once more where it was measured before
      </label>
    </>
  );
}

const profileTitles = {
  loopback: "loopback: the machine's own",
  lan: "lan: 1 Gbit/s, 1 ms",
  wan: "wan: 100 Mbit/s, 40 ms",
} as const satisfies Record<(typeof networkProfileNames)[number], string>;

/** The button that had the focus is gone with the form. */
const focus = (link: HTMLAnchorElement | null): void => link?.focus();

/** Where the answer will be; it is there already where all was measured before. */
const Submitted = ({ experiment, onClose }: { experiment: ExperimentSummary; onClose: () => void }) => (
  <>
    <p role="status">
      {experiment.state === "finished"
        ? "All of it was measured before. "
        : "It is measured as soon as a worker is free. "}
      The results are those of the experiment{" "}
      <Link href={`/experiments/${experiment.id}`} ref={focus}>
        {experiment.name}
      </Link>
      .
    </p>
    <p className="row">
      <button type="button" onClick={onClose}>
        Close
      </button>
    </p>
  </>
);
