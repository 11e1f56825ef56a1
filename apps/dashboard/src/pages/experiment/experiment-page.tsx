import { type Experiment, type StageRun, stageKinds, type Trial } from "@reluctant/contracts";
import { Link, useParams, useSearchParams } from "wouter";
import { duration, gpuTime, plural, sweepSize } from "../../format.ts";
import { Best } from "../../ui/best.tsx";
import { Failure, Skeleton } from "../../ui/notes.tsx";
import { ProgressBar, ProgressLegend, State } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Actions } from "./actions.tsx";
import { History } from "./history-view.tsx";
import { StageGraphView } from "./stage-graph-view.tsx";
import { StageRunPanel } from "./stage-run-panel.tsx";
import { TrialGrid } from "./trial-grid-view.tsx";
import { useExperiment, useHistory, useTrials } from "./use-experiment.ts";
import "./experiment.css";

export default function ExperimentPage() {
  const { id } = useParams<{ id: string }>();
  const experiment = useExperiment(id);
  if (experiment.data) return <Loaded key={id} experiment={experiment.data} stale={experiment.error} />;
  return experiment.error ? (
    <Failure error={experiment.error} onRetry={() => void experiment.refetch()} />
  ) : (
    <Skeleton lines={12} />
  );
}

/** One and the same while trials are loaded, so that nothing is laid out anew. */
const none: Trial[] = [];

/** `stale`: why the last look failed, while the one before is still shown. */
function Loaded({ experiment, stale }: { experiment: Experiment; stale: Error | null }) {
  const { events, connection } = useHistory(experiment.id);
  const trials = useTrials(experiment);
  const known = trials.data ?? none;
  const [params, setParams] = useSearchParams();
  const selected =
    experiment.stageRuns.find((run) => run.id === params.get("run")) ?? mostInteresting(experiment.stageRuns);
  const select = (run: string) => setParams({ run }, { replace: true });
  return (
    <>
      <Header experiment={experiment} />
      {(stale || (connection === "waiting" && events.length > 0)) && (
        <p className="banner" role="status">
          The API does not answer. This is the last state seen; the page goes on by itself when it is back.
        </p>
      )}
      <section>
        <h2>Stages</h2>
        <StageGraphView runs={experiment.stageRuns} trials={known} selected={selected?.id} onSelect={select} />
      </section>
      {selected && <StageRunPanel key={selected.id} run={selected} trials={known} />}
      <TrialGrid experiment={experiment} trials={trials} />
      <History events={events} runs={experiment.stageRuns} trials={known} />
    </>
  );
}

function Header({ experiment }: { experiment: Experiment }) {
  const frontier = `/frontier?${new URLSearchParams({ dataset: experiment.dataset, model: experiment.model })}`;
  return (
    <header className="experiment-head">
      <div className="head">
        <h1>{experiment.name}</h1>
        <State state={experiment.state} />
        <span className="grow" />
        <Link href={frontier}>Frontier</Link>
        <Actions experiment={experiment} />
      </div>
      {experiment.reason && <p className="reason">{experiment.reason}</p>}
      <ProgressBar progress={experiment.progress} />
      <ProgressLegend progress={experiment.progress} />
      <dl className="facts">
        <div>
          <dt>ETA</dt>
          <dd>{experiment.etaSeconds === null ? "–" : duration(experiment.etaSeconds)}</dd>
        </div>
        <div>
          <dt>GPU time</dt>
          <dd>{gpuTime(experiment.gpuSeconds)}</dd>
        </div>
        <div>
          <dt>Best on validation</dt>
          <dd>{experiment.best ? <Best {...experiment.best} /> : "–"}</dd>
        </div>
        <div>
          <dt>Dataset · model</dt>
          <dd>
            {experiment.dataset} · {experiment.model}
          </dd>
        </div>
        <div>
          <dt>Sweep</dt>
          <dd title="methods × budgets × seeds">
            {sweepSize(experiment)} = {plural(experiment.trials, "trial")}
          </dd>
        </div>
        <div>
          <dt>Recipe</dt>
          <dd>
            {experiment.recipe}, {experiment.precision}
          </dd>
        </div>
        <div>
          <dt>Owner</dt>
          <dd>
            {experiment.owner}, <Time at={experiment.createdAt} />
          </dd>
        </div>
      </dl>
    </header>
  );
}

/** What one wants to watch: the furthest stage that is running, else the last that ended. */
function mostInteresting(runs: StageRun[]): StageRun | undefined {
  const inOrder = runs.toSorted((a, b) => stageKinds.indexOf(a.kind) - stageKinds.indexOf(b.kind));
  const running = inOrder.findLast((run) => run.state === "active");
  return running ?? inOrder.findLast((run) => run.state === "succeeded" || run.state === "failed") ?? inOrder[0];
}
