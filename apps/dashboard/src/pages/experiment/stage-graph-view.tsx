import type { StageKind, StageRun } from "@reluctant/contracts";
import { useMemo } from "react";
import { toneOf } from "../../ui/state.tsx";
import { box, layoutStageGraph, type StageGraph, type StageNode } from "./stage-graph.ts";

export const stageTitles: Record<StageKind, string> = {
  train: "Train",
  sensitivity: "Sensitivity",
  "mask-search": "Mask search",
  distillation: "Distillation",
  "private-inference": "Private inference",
};

interface Props {
  runs: StageRun[];
  selected: string | undefined;
  onSelect: (id: string) => void;
}

/** Buttons over drawn edges; the edges of the selected run stand out. */
export function StageGraphView({ runs, selected, onSelect }: Props) {
  const graph = useMemo(() => layoutStageGraph(runs), [runs]);
  return (
    <div className="scroll">
      <div className="graph" style={{ width: graph.width, height: graph.height + 32 }}>
        {graph.columns.map(({ kind, x, hidden }) => (
          <h3 key={kind} style={{ left: x, width: box.width }}>
            {stageTitles[kind]}
            {hidden > 0 && <small title="Finished and waiting ones are left out first">+ {hidden} more</small>}
          </h3>
        ))}
        <Edges graph={graph} selected={selected} />
        {graph.nodes.map((node) => (
          <Box key={node.run.id} node={node} selected={node.run.id === selected} onSelect={onSelect} />
        ))}
      </div>
    </div>
  );
}

const Edges = ({ graph, selected }: { graph: StageGraph; selected: string | undefined }) => (
  <svg width={graph.width} height={graph.height} aria-hidden="true">
    {graph.edges.map(({ from, to }) => (
      <path
        key={`${from.run.id}${to.run.id}`}
        className={from.run.id === selected || to.run.id === selected ? "near" : ""}
        d={curve(from, to)}
      />
    ))}
  </svg>
);

/** Edges leave and arrive level; those that pass over a column bow in the first gap and run straight on below the boxes. */
function curve(from: StageNode, to: StageNode): string {
  const [x1, y1, x2, y2] = [from.x + box.width, from.y + box.height / 2, to.x, to.y + box.height / 2];
  const start = Math.max(x1, x2 - box.gapX);
  const middle = (start + x2) / 2;
  return `M${x1},${y1}H${start}C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
}

const Box = ({
  node: { run, label, status, x, y },
  selected,
  onSelect,
}: {
  node: StageNode;
  selected: boolean;
  onSelect: (id: string) => void;
}) => (
  <button
    type="button"
    className="box"
    style={{ left: x, top: y + 32, width: box.width, height: box.height }}
    aria-pressed={selected}
    aria-label={`${stageTitles[run.kind]}, ${label}: ${status}`}
    title={run.reason ?? `${run.implementation} · needed by ${run.trials} trials`}
    data-origin={run.origin}
    onClick={() => onSelect(run.id)}
  >
    <b>{label}</b>
    <span className="state" data-tone={toneOf(run.state)} data-cached={run.origin === "cached" || undefined}>
      {status}
    </span>
    {run.progress && run.state === "active" && (
      <i style={{ width: `${(100 * run.progress.step) / run.progress.totalSteps}%` }} />
    )}
  </button>
);
