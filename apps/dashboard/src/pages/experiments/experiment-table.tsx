import type { ExperimentSummary } from "@reluctant/contracts";
import { Link } from "wouter";
import { duration, gpuTime, sweepSize } from "../../format.ts";
import { Best } from "../../ui/best.tsx";
import { ProgressBar, State } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";

export const ExperimentTable = ({ experiments }: { experiments: ExperimentSummary[] }) => (
  <div className="scroll">
    <table className="list">
      <thead>
        <tr>
          <th>State</th>
          <th>Name</th>
          <th className="wide">Dataset · model</th>
          <th className="wide" title="methods × budgets × seeds">
            Sweep
          </th>
          <th>Progress</th>
          <th title="Smallest budget within one point of the all-ReLU model on validation, else the most accurate there. Test accuracy decides nothing.">
            Best on validation
          </th>
          <th className="number">GPU time</th>
          <th className="number">ETA</th>
          <th>Owner</th>
          <th>Age</th>
        </tr>
      </thead>
      <tbody>
        {experiments.map((experiment) => (
          <Row key={experiment.id} {...experiment} />
        ))}
      </tbody>
    </table>
  </div>
);

const Row = (experiment: ExperimentSummary) => (
  <tr>
    <td>
      <State state={experiment.state} title={experiment.reason} />
    </td>
    <td className="name">
      <Link href={`/experiments/${experiment.id}`}>{experiment.name}</Link>
    </td>
    <td className="wide">
      {experiment.dataset} · {experiment.model}
    </td>
    <td className="wide" title={`${experiment.methods.join(", ")}; ${experiment.trials} trials`}>
      {sweepSize(experiment)}
    </td>
    <td>
      <ProgressBar progress={experiment.progress} />
    </td>
    <td>{experiment.best ? <Best {...experiment.best} /> : "–"}</td>
    <td className="number">{gpuTime(experiment.gpuSeconds)}</td>
    <td className="number">{experiment.etaSeconds === null ? "–" : duration(experiment.etaSeconds)}</td>
    <td>{experiment.owner}</td>
    <td>
      <Time at={experiment.createdAt} />
    </td>
  </tr>
);
