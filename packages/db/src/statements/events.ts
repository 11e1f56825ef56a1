import type { Event, EventType } from "@reluctant/contracts";
import { bigint, int, json, nullable, text, timestamp, uuid, word } from "../postgres-types.ts";
import { statement } from "../statement.ts";

/** An event of a stage run or of an attempt on it, before it is told to each experiment concerned. */
export interface StageRunEvent {
  stageRunId: string;
  attemptId: string | null;
  type: EventType;
  data: Event["data"];
  /** The last 32 bits of the transaction that wrote the stage run before, where that may have begun after this one. */
  after?: string;
}
export const appendEvents = statement("append-events", { takes: { events: json<readonly StageRunEvent[]>() } });

export interface ExperimentEvent {
  teamId: string;
  experimentId: string;
  type: EventType;
  data: Event["data"];
}
export const appendExperimentEvents = statement("append-experiment-events", {
  takes: { events: json<readonly ExperimentEvent[]>() },
});

export const readEvents = statement("read-events", {
  takes: { xid: text, id: bigint, teamId: nullable(uuid), experimentId: nullable(uuid), limit: int },
  gives: {
    cursor: text,
    experimentId: nullable(text),
    stageRunId: nullable(text),
    attemptId: nullable(text),
    type: word<EventType>(),
    data: json<Event["data"]>(),
    at: timestamp,
  },
});
