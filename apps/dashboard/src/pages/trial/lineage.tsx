import type { StageResult, StageRun, Trial } from "@reluctant/contracts";
import { bytes, compact, count, milliseconds, percent, trafficOf } from "@reluctant/plot";
import { Link } from "wouter";
import { shortId } from "../../format.ts";
import { State } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { stageTitles } from "../experiment/stage-titles.ts";

/** The stage runs behind a trial, each with where it came from and what it takes of the others. */
export const Lineage = ({ trial, runs }: { trial: Trial; runs: StageRun[] }) => (
  <div className="scroll">
    <table className="list">
      <thead>
        <tr>
          <th>Stage</th>
          <th>State</th>
          <th>Origin</th>
          <th>Takes</th>
          <th>Implementation</th>
          <th className="number">Seed</th>
          <th className="number">Images</th>
          <th>Found</th>
          <th>Ended</th>
          <th>Stage run</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.id}>
            <td className="name">
              <Link href={`/experiments/${trial.experimentId}?run=${run.id}`}>{stageTitles[run.kind]}</Link>
            </td>
            <td>
              <State state={run.state} title={run.reason} />
            </td>
            <td>{trial.needs.find(({ stageRunId }) => stageRunId === run.id)?.origin}</td>
            <td>{run.inputs.map((input) => takes(input, runs)).join(", ") || "the data set"}</td>
            <td>
              {run.implementation} v{run.version}, {run.precision}
            </td>
            <td className="number">{run.seed}</td>
            <td className="number">{run.result ? compact(imagesOf(run.result)) : "–"}</td>
            <td>{found(run)}</td>
            <td>{run.finishedAt ? <Time at={run.finishedAt} /> : "–"}</td>
            <td>
              <code title={`${run.id}, key ${run.stageKey}`}>{shortId(run.id)}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

function takes({ stageRunId, artifact, variant }: StageRun["inputs"][number], runs: StageRun[]): string {
  if (artifact) return `artifact ${shortId(artifact)}`;
  const source = runs.find(({ id }) => id === stageRunId);
  const name = source ? stageTitles[source.kind].toLowerCase() : `stage run ${shortId(stageRunId ?? "")}`;
  return variant === "full" ? name : `${name}, ${variant}`;
}

const imagesOf = (result: StageResult): number =>
  result.kind === "private-inference" ? result.samples : result.images;

function found({ result }: StageRun): string {
  switch (result?.kind) {
    case "sensitivity":
      return `${result.layers.length} layers at density ${result.density.toFixed(3)}`;
    case "mask-search":
      return `${count(result.reluCount)} ReLUs, ${percent(result.validationAccuracy, 1)} validation`;
    case "train":
    case "distillation":
      return `${percent(result.testAccuracy)} test`;
    case "private-inference":
      return `${milliseconds(result.cost.online.ms)} online, ${bytes(trafficOf(result.cost.online))}`;
    default:
      return "";
  }
}
