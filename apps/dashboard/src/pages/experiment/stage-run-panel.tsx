import type { StageRun, Trial } from "@reluctant/contracts";
import { count, lossSharesText, measurementFacts, percent } from "@reluctant/plot";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { client } from "../../client.ts";
import { duration, gpuTime, rate } from "../../format.ts";
import { Charts } from "../../ui/charts.tsx";
import { Failure, Skeleton } from "../../ui/notes.tsx";
import { State } from "../../ui/state.tsx";
import { charts } from "./metrics.ts";
import { stageLabels } from "./stage-graph.ts";
import { stageTitles } from "./stage-titles.ts";
import { StepChart } from "./step-chart.tsx";
import { useMetrics, useWaiting } from "./use-experiment.ts";

/** One stage run: where it stands, its curves, its attempts. */
export function StageRunPanel({ run, trials }: { run: StageRun; trials: Trial[] }) {
  const label = useMemo(() => stageLabels(trials)(run).text, [run, trials]);
  return (
    <section>
      <div className="head">
        <h2>
          {stageTitles[run.kind]}, {label}
        </h2>
        <State state={run.state} />
        {run.origin && run.origin !== "ran" && <span className="tag">{run.origin}</span>}
      </div>
      <Reason run={run} />
      <dl className="facts">
        {facts(run).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {run.kind === "private-inference" ? <Steps run={run} /> : <Curves run={run} />}
      <Attempts run={run} />
    </section>
  );
}

/** Why it failed, or why it waits. */
function Reason({ run }: { run: StageRun }) {
  const waiting = useWaiting(run);
  if (waiting.data) return <p className="waits">Waits: {waiting.data.message}.</p>;
  return run.reason && <p className="reason">{run.reason}</p>;
}

function facts({ implementation, progress, result, params, state }: StageRun): [string, string][] {
  const list: [string, string][] = [];
  if (progress && state === "active") {
    list.push(
      ["Step", `${count(progress.step)} / ${count(progress.totalSteps)}`],
      ["Speed", rate(progress.imagesPerSecond)],
    );
    if (progress.loss !== null) list.push(["Loss", progress.loss.toPrecision(3)]);
    if (progress.etaSeconds !== null) list.push(["ETA", duration(progress.etaSeconds)]);
  } else if (params.kind !== "private-inference") list.push(["Steps", count(params.steps)]);
  if (result && "images" in result) list.push(["Images seen", count(result.images)]);
  if (result && "reluCount" in result) list.push(["ReLUs", count(result.reluCount)]);
  if (result && "validationAccuracy" in result) list.push(["Validation accuracy", percent(result.validationAccuracy)]);
  if (result && "testAccuracy" in result) list.push(["Test accuracy", percent(result.testAccuracy)]);
  if (result?.kind === "private-inference" && params.kind === "private-inference")
    list.push(...measurementFacts(result, { implementation, params }));
  if (result?.kind === "distillation") list.push(["Loss", lossSharesText(result.lossShares)]);
  if (result?.kind === "distillation" && result.gradientShares)
    list.push(["Gradient", lossSharesText(result.gradientShares)]);
  return list;
}

const Steps = ({ run: { result } }: { run: StageRun }) =>
  result?.kind === "private-inference" && <StepChart steps={result.cost.steps} />;

function Curves({ run }: { run: StageRun }) {
  const metrics = useMetrics(run.id, run.state === "active");
  const drawn = useMemo(() => charts(metrics.data ?? []), [metrics.data]);
  if (metrics.isPending) return <Skeleton lines={4} />;
  if (metrics.error && !metrics.data) return <Failure error={metrics.error} onRetry={() => void metrics.refetch()} />;
  if (drawn.length === 0) return <p className="muted">No curve yet: points come with the first steps.</p>;
  return <Charts charts={drawn} />;
}

function Attempts({ run }: { run: StageRun }) {
  const attempts = useQuery({
    queryKey: ["attempts", run.id],
    queryFn: ({ signal }) => client.stageRuns.attempts(run.id, { signal }),
  });
  if (attempts.error && !attempts.data)
    return <Failure error={attempts.error} onRetry={() => void attempts.refetch()} />;
  if (!attempts.data?.length) return null;
  return (
    <div className="scroll">
      <table className="list">
        <thead>
          <tr>
            <th>Attempt</th>
            <th>State</th>
            <th>Worker</th>
            <th>Device</th>
            <th className="number">From step</th>
            <th className="number">To step</th>
            <th className="number">GPU time</th>
            <th>Cause</th>
          </tr>
        </thead>
        <tbody>
          {attempts.data.map((attempt) => (
            <tr key={attempt.id}>
              <td>{attempt.number}</td>
              <td>
                {attempt.state}
                {attempt.inexact && (
                  <span
                    className="tag"
                    title="Resumed on another backend, device, level of instructions or thread count: not bit-identical to an undisturbed run"
                  >
                    inexact
                  </span>
                )}
              </td>
              <td>{attempt.worker ?? "–"}</td>
              <td>{attempt.engine ? `${attempt.engine.backend}, ${attempt.engine.device}` : "–"}</td>
              <td className="number">{attempt.startStep === null ? "–" : count(attempt.startStep)}</td>
              <td className="number">{attempt.step === null ? "–" : count(attempt.step)}</td>
              <td className="number">{gpuTime(attempt.gpuSeconds)}</td>
              <td>{attempt.failure?.message ?? attempt.reason ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
