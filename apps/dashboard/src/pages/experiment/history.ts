import type { Event, EventData, StageRun, Trial } from "@reluctant/contracts";
import { count } from "@reluctant/plot";
import { plural } from "../../format.ts";
import { stageLabels } from "./stage-graph.ts";
import { stageTitles } from "./stage-titles.ts";

export interface HistoryLine {
  cursor: string;
  at: string;
  /** Which stage run it is about: `Distillation, senet · 27,800 ReLUs · seed 1`; empty for the experiment itself. */
  subject: string;
  text: string;
  tone: "plain" | "good" | "bad";
  stageRunId: string | null;
}

/** Events in words, with their causes, newest first. */
export function historyLines(events: Event[], runs: StageRun[], trials: Trial[]): HistoryLine[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const labelOf = stageLabels(trials);
  return events.toReversed().map((event) => {
    const run = event.stageRunId ? byId.get(event.stageRunId) : undefined;
    const subject = run ? `${stageTitles[run.kind]}, ${labelOf(run).text}` : "";
    return { cursor: event.cursor, at: event.at, subject, stageRunId: event.stageRunId, ...inWords(event) };
  });
}

function inWords(event: Event): Pick<HistoryLine, "text" | "tone"> {
  switch (event.type) {
    case "experiment.submitted": {
      const { trials, stageRuns, cached } = event.data;
      return {
        text: `submitted: ${plural(trials, "trial")}, ${plural(stageRuns, "stage run")}, ${cached} from cache`,
        tone: "plain",
      };
    }
    case "experiment.changed":
      return { text: withCause(`experiment ${event.data.state}`, event.data.reason), tone: toneOf(event.data.state) };
    case "stage-run.changed":
      return { text: withCause(stageRunWords[event.data.state], event.data.reason), tone: toneOf(event.data.state) };
    case "attempt.changed":
      return { text: withCause(attemptWords(event.data), event.data.reason), tone: toneOf(event.data.state) };
    case "frontier.point":
      return { text: "new point on the plot of trade-offs", tone: "good" };
  }
}

const stageRunWords: Record<EventData<"stage-run.changed">["state"], string> = {
  blocked: "waits for its inputs",
  ready: "waits for a GPU",
  active: "dispatched",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
};

function attemptWords({ number, state, worker, step }: EventData<"attempt.changed">): string {
  const where = worker ? ` on ${worker}` : "";
  const started = step ? `resumed at step ${count(step)}` : "started";
  if (state === "running") return `attempt ${number} ${started}${where}`;
  const ended = step === null || state === "queued" ? "" : ` at step ${count(step)}`;
  return `attempt ${number} ${state}${where}${ended}`;
}

const withCause = (text: string, reason: string | null): string => (reason ? `${text}: ${reason}` : text);

const toneOf = (state: string): HistoryLine["tone"] =>
  state === "failed" || state === "lost" ? "bad" : state === "succeeded" || state === "finished" ? "good" : "plain";
