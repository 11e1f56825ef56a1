import { z } from "zod";
import { idSchema } from "./primitives.ts";
import { attemptStates, experimentStates, stageRunStates } from "./words.ts";

/**
 * What happened, in commit order. `cursor` (`xid.id`) is the SSE id: pass it as `Last-Event-ID` or `?after=` to go on.
 * Step metrics are not events: a `metrics` event only says that a stage run has new ones.
 */
const subject = { experimentId: idSchema.nullable(), stageRunId: idSchema.nullable(), attemptId: idSchema.nullable() };
const event = <T extends string, S extends z.ZodRawShape>(type: T, data: S) =>
  z.object({ cursor: z.string(), at: z.iso.datetime(), ...subject, type: z.literal(type), data: z.object(data) });

export const eventSchema = z.discriminatedUnion("type", [
  event("experiment.submitted", { name: z.string(), trials: z.int(), stageRuns: z.int(), cached: z.int() }),
  event("experiment.changed", { state: z.enum(experimentStates), reason: z.string().nullable() }),
  event("stage-run.changed", { state: z.enum(stageRunStates), reason: z.string().nullable() }),
  event("attempt.changed", {
    number: z.int(),
    state: z.enum(attemptStates),
    worker: z.string().nullable(),
    step: z.int().nullable(),
    reason: z.string().nullable(),
  }),
  event("frontier.point", { pointId: idSchema }),
]);
export type Event = z.infer<typeof eventSchema>;
/** `cursor` stands after the last event that was looked at: pass it as `?after=` for what follows. */
export const eventPageSchema = z.object({ events: z.array(eventSchema), cursor: z.string() });
export type EventPage = z.infer<typeof eventPageSchema>;
export type EventType = Event["type"];
export type EventData<T extends EventType> = Extract<Event, { type: T }>["data"];
