import { type StageRun, stageRunStates, type Trial } from "@reluctant/contracts";
import { useEffect, useMemo, useRef } from "react";
import { elementOf } from "../../ui/element-of.ts";
import { toneOf, wordOf } from "../../ui/state.tsx";
import { box, layoutStageGraph, type StageGraph, type StageNode } from "./stage-graph.ts";
import { stageTitles } from "./stage-titles.ts";

interface Props {
  runs: StageRun[];
  trials: Trial[];
  selected: string | undefined;
  onSelect: (id: string) => void;
}

/** Columns of boxes with edges between them; on a phone, which shows one column, a list that unfolds. */
export function StageGraphView({ runs, trials, selected, onSelect }: Props) {
  const graph = useMemo(() => layoutStageGraph(runs, trials), [runs, trials]);
  const view = useRef<HTMLDivElement>(null);
  const y = graph.nodes.find(({ run }) => run.id === selected)?.y;
  useEffect(() => {
    const { scrollTop, clientHeight } = elementOf(view);
    if (y !== undefined && (y < scrollTop || y + box.height + 32 > scrollTop + clientHeight)) {
      elementOf(view).scrollTop = y - clientHeight / 2;
    }
  }, [y]);
  return (
    <>
      <div className="graph-window" ref={view}>
        <div className="graph" style={{ width: graph.width, height: graph.height + 32 }}>
          <div className="graph-titles">
            {graph.columns.map(({ kind, x, hidden }) => (
              <h3 key={kind} style={{ left: x, width: graph.boxWidth }}>
                {stageTitles[kind]}
                <More hidden={hidden} />
              </h3>
            ))}
          </div>
          <Edges graph={graph} selected={selected} />
          {graph.nodes.map((node) => (
            <Box
              key={node.run.id}
              node={node}
              width={graph.boxWidth}
              selected={node.run.id === selected}
              onSelect={onSelect}
            />
          ))}
        </div>
      </div>
      <StageList graph={graph} runs={runs} selected={selected} onSelect={onSelect} />
    </>
  );
}

const More = ({ hidden }: { hidden: number }) =>
  hidden > 0 && <small title="Finished and waiting ones are left out first">+ {hidden} more</small>;

const Edges = ({ graph, selected }: { graph: StageGraph; selected: string | undefined }) => (
  <svg width={graph.width} height={graph.height} aria-hidden="true">
    {graph.edges.map(({ from, to }) => (
      <path
        key={`${from.run.id}${to.run.id}`}
        className={from.run.id === selected || to.run.id === selected ? "near" : ""}
        d={curve(from, to, graph)}
      />
    ))}
  </svg>
);

/** Edges leave and arrive level; those that pass over a column bow in the first gap and run straight on below the boxes. */
function curve(from: StageNode, to: StageNode, { boxWidth, gapX }: StageGraph): string {
  const [x1, y1, x2, y2] = [from.x + boxWidth, from.y + box.height / 2, to.x, to.y + box.height / 2];
  const start = Math.max(x1, x2 - gapX);
  const middle = (start + x2) / 2;
  return `M${x1},${y1}H${start}C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
}

interface BoxProps {
  node: StageNode;
  width: number;
  selected: boolean;
  onSelect: (id: string) => void;
}

const Box = ({ node, width, selected, onSelect }: BoxProps) => (
  <button
    type="button"
    className="box"
    style={{ left: node.x, top: node.y + 32, width, height: box.height }}
    aria-pressed={selected}
    aria-label={nameOf(node)}
    title={[nameOf(node), node.run.reason, node.run.implementation].filter(Boolean).join("\n")}
    data-origin={node.run.origin}
    onClick={() => onSelect(node.run.id)}
  >
    <Inside {...node} />
  </button>
);

/** `Mask search, senet · 18,841 ReLUs · seed 1: done · val 78.1 %` */
const nameOf = ({ run, label, status }: StageNode): string => `${stageTitles[run.kind]}, ${label.text}: ${status}`;

const Inside = ({ run, label, status }: StageNode) => (
  <>
    <b>{label.title}</b>
    <span>{label.detail}</span>
    <span className="state" data-tone={toneOf(run.state)} data-cached={run.origin === "cached" || undefined}>
      {status}
    </span>
    {run.progress && run.state === "active" && (
      <i style={{ width: `${(100 * run.progress.step) / run.progress.totalSteps}%` }} />
    )}
  </>
);

/** A stage a line with what became of its runs, which it unfolds to. */
const StageList = ({
  graph,
  runs,
  selected,
  onSelect,
}: {
  graph: StageGraph;
  runs: StageRun[];
  selected: string | undefined;
  onSelect: (id: string) => void;
}) => (
  <div className="stage-list">
    {graph.columns.map(({ kind, hidden }) => {
      const nodes = graph.nodes.filter((node) => node.run.kind === kind);
      return (
        <details key={kind}>
          <summary>
            <b>{stageTitles[kind]}</b>{" "}
            <span className="muted">{statesOf(runs.filter((run) => run.kind === kind))}</span>
          </summary>
          {nodes.map((node) => (
            <button
              key={node.run.id}
              type="button"
              className="box"
              aria-pressed={node.run.id === selected}
              aria-label={nameOf(node)}
              data-origin={node.run.origin}
              onClick={() => onSelect(node.run.id)}
            >
              <Inside {...node} />
            </button>
          ))}
          <More hidden={hidden} />
        </details>
      );
    })}
  </div>
);

/** `1 failed, 3 done, 1 running, 12 waiting for a GPU` */
function statesOf(runs: StageRun[]): string {
  return stageRunStates
    .toReversed()
    .map((state) => ({ word: wordOf(state), number: runs.filter((run) => run.state === state).length }))
    .filter(({ number }) => number > 0)
    .map(({ word, number }) => `${number} ${word}`)
    .join(", ");
}
