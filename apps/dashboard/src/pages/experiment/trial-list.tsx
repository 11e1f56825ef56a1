import type { Trial } from "@reluctant/contracts";
import { count } from "@reluctant/plot";
import { Link } from "wouter";
import { plural } from "../../format.ts";
import { useMay } from "../../session/use-may.ts";
import { State } from "../../ui/state.tsx";
import { TrialActions } from "../../ui/trial-actions.tsx";

/** Rows drawn at most; for more at once there is `reluctant trials`. */
const maxRows = 100;

/** The trials that have come to no result, each with what may be asked of it alone. */
export function TrialList({ trials }: { trials: Trial[] }) {
  const mayChange = useMay("member");
  const open = trials.filter(({ state }) => state !== "succeeded");
  if (open.length === 0 || !mayChange) return null;
  return (
    <details className="trial-list">
      <summary>Pause, cancel, retry or prioritize {plural(open.length, "trial")} alone</summary>
      <div className="scroll">
        <table className="list">
          <thead>
            <tr>
              <th>State</th>
              <th>Method</th>
              <th className="number">Budget</th>
              <th className="number">Seed</th>
              <th>Change</th>
            </tr>
          </thead>
          <tbody>
            {open.slice(0, maxRows).map((trial) => (
              <tr key={trial.id}>
                <td>
                  <State state={trial.state} title={trial.reason} />
                </td>
                <td>
                  <Link href={`/trials/${trial.id}`}>{trial.method}</Link>
                </td>
                <td className="number">{trial.budget === null ? "all ReLUs" : count(trial.budget)}</td>
                <td className="number">{trial.seed}</td>
                <td>
                  <TrialActions trial={trial} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {open.length > maxRows && (
        <p className="muted">
          The first {maxRows} are listed. For many at once: <code>reluctant trials pause … --budget 50k</code>
        </p>
      )}
    </details>
  );
}
