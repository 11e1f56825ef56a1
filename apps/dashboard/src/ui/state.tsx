import type { ExperimentState, ProgressCounts, StageRunState, TrialState, Worker } from "@reluctant/contracts";

export type AnyState = ExperimentState | StageRunState | TrialState | Worker["state"];

/** Tone and word of every state: color is never the only sign. */
const states: Record<AnyState, { tone: Tone; word: string }> = {
  active: { tone: "running", word: "running" },
  running: { tone: "running", word: "running" },
  busy: { tone: "running", word: "busy" },
  succeeded: { tone: "done", word: "done" },
  finished: { tone: "done", word: "finished" },
  idle: { tone: "done", word: "idle" },
  blocked: { tone: "waiting", word: "waiting for inputs" },
  ready: { tone: "waiting", word: "waiting for a GPU" },
  waiting: { tone: "waiting", word: "waiting" },
  paused: { tone: "waiting", word: "paused" },
  draining: { tone: "waiting", word: "draining" },
  quarantined: { tone: "failed", word: "quarantined" },
  drained: { tone: "failed", word: "drained" },
  failed: { tone: "failed", word: "failed" },
  silent: { tone: "failed", word: "silent" },
  cancelled: { tone: "cancelled", word: "cancelled" },
  gone: { tone: "cancelled", word: "gone" },
};
export type Tone = "running" | "done" | "waiting" | "failed" | "cancelled";

export const toneOf = (state: AnyState): Tone => states[state].tone;
export const wordOf = (state: AnyState): string => states[state].word;

export const State = ({ state, title }: { state: AnyState; title?: string | null }) => (
  <span className="state" data-tone={toneOf(state)} title={title ?? undefined}>
    {wordOf(state)}
  </span>
);

const parts = [
  ["done", (p: ProgressCounts) => p.succeeded - p.cached],
  ["cached", (p: ProgressCounts) => p.cached],
  ["running", (p: ProgressCounts) => p.active],
  ["waiting", (p: ProgressCounts) => p.waiting],
  ["failed", (p: ProgressCounts) => p.failed],
  ["cancelled", (p: ProgressCounts) => p.cancelled],
] as const;

const present = (progress: ProgressCounts) =>
  parts.map(([name, of]) => ({ name, count: of(progress) })).filter(({ count }) => count > 0);

/** Stage runs as one stacked bar: done, cached, running, waiting, failed, cancelled. */
export const ProgressBar = ({ progress }: { progress: ProgressCounts }) => {
  const text =
    present(progress)
      .map(({ name, count }) => `${count} ${name}`)
      .join(", ") || "no stage runs";
  return (
    <span className="stack" role="img" aria-label={text} title={text}>
      {present(progress).map(({ name, count }) => (
        <i key={name} data-part={name} style={{ flexGrow: count }} />
      ))}
    </span>
  );
};

/** The bar's parts in words. */
export const ProgressLegend = ({ progress }: { progress: ProgressCounts }) => (
  <span className="legend">
    {present(progress).map(({ name, count }) => (
      <span key={name}>
        <i data-part={name} />
        {count} {name}
      </span>
    ))}
  </span>
);
