import type { Experiment, Trial } from "@reluctant/contracts";
import { compact, count, percent } from "@reluctant/plot";
import { type CSSProperties, useMemo } from "react";
import { Link } from "wouter";
import { Failure, Skeleton } from "../../ui/notes.tsx";
import { State } from "../../ui/state.tsx";
import { heat, trialGrids } from "./trial-grid.ts";
import { TrialList } from "./trial-list.tsx";
import { maxTrials, type useTrials } from "./use-experiment.ts";

/** Test accuracy by budget and seed, darker where it is higher; a cell opens its trial. */
export function TrialGrid({ experiment, trials }: { experiment: Experiment; trials: ReturnType<typeof useTrials> }) {
  const grids = useMemo(() => trialGrids(trials.data ?? []), [trials.data]);
  return (
    <section>
      <h2>
        Trials <small>test accuracy by budget and seed</small>
      </h2>
      {trials.isPending && <Skeleton lines={4} />}
      {trials.error && !trials.data && <Failure error={trials.error} onRetry={() => void trials.refetch()} />}
      {trials.data?.length === 0 && <p className="muted">This sweep has no trials.</p>}
      <div className="grids">
        {grids.map((grid) => (
          <div className="scroll" key={grid.method}>
            <table className="grid">
              <caption>{grid.method}</caption>
              <thead>
                <tr>
                  <th scope="col">seed</th>
                  {grid.budgets.map((budget) => (
                    <th key={budget} scope="col" title={budget === null ? undefined : `${count(budget)} ReLUs`}>
                      {budget === null ? "all ReLUs" : compact(budget)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {grid.cells.map((cells, row) => (
                  <tr key={grid.seeds[row]}>
                    <th scope="row">{grid.seeds[row]}</th>
                    {cells.map((trial, i) => (
                      <td key={grid.budgets[i]}>{trial && <Cell trial={trial} all={trials.data ?? []} />}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ))}
      </div>
      <TrialList trials={trials.data ?? []} />
      {trials.data && trials.data.length >= maxTrials && experiment.trials > maxTrials && (
        <p className="muted">
          The first {count(maxTrials)} of {count(experiment.trials)} trials are drawn.
        </p>
      )}
    </section>
  );
}

function Cell({ trial, all }: { trial: Trial; all: Trial[] }) {
  const title = [trial.reason, trial.reluCount !== null && `${count(trial.reluCount)} ReLUs kept`]
    .filter(Boolean)
    .join("; ");
  const { testAccuracy } = trial;
  const done = testAccuracy !== null;
  const style = done ? ({ "--heat": heat(testAccuracy, all) } as CSSProperties) : undefined;
  return (
    <Link href={`/trials/${trial.id}`} className={done ? "cell done" : "cell"} style={style} title={title}>
      {done ? percent(testAccuracy, 1) : <State state={trial.state} />}
    </Link>
  );
}
