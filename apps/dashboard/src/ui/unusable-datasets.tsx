import type { DatasetList } from "@reluctant/contracts";
import { plural } from "../format.ts";

/** What the workers' data folders hold that cannot be chosen, each with the reason and what to do. */
export function UnusableDatasets({ datasets }: { datasets: DatasetList["unusable"] }) {
  if (datasets.length === 0) return null;
  return (
    <details className="unusable">
      <summary>{plural(datasets.length, "data set")} cannot be used</summary>
      <dl>
        {datasets.map(({ name, reason, fix, workers }) => (
          <div key={`${name} ${reason}`}>
            <dt>
              <b>{name}</b> <span className="muted">on {workers.join(", ")}</span>
            </dt>
            <dd>
              <span className="reason">{reason}</span>
              <br />
              To mend it: {fix}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
