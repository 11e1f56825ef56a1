import { type StageKind, stageKinds } from "@reluctant/contracts";

/**
 * Every name that Redis sees. BullMQ adds its own below `<prefix>:<queue>:`, such as `reluctant:train.default:wait`.
 * All of it can be lost at any time: Postgres knows what should be here, and the reconciler puts it back.
 */
export const defaultPrefix = "reluctant";

/** `train.default`: jobs of one kind for the workers of one pool. */
export const queueName = (kind: StageKind, pool: string): string => `${kind}.${pool}`;

/** The queues that a worker of this pool serves. */
export const queueNames = (pool: string): string[] => stageKinds.map((kind) => queueName(kind, pool));

/**
 * Wake-ups say "look again" and carry nothing: each has a poll behind it, so a lost one costs a second, never work.
 *
 * | wake-up | published when | who looks |
 * | --- | --- | --- |
 * | dispatch | a stage run may have become ready, or a slot free | coordinator |
 * | jobs | jobs were added | workers with a free slot |
 * | stop | a running attempt was asked to stop | workers with a running attempt: they beat at once |
 * | events | events were committed | the API's event streams |
 */
export const wakes = ["dispatch", "jobs", "stop", "events"] as const;
export type Wake = (typeof wakes)[number];

export const wakeChannel = (prefix: string, wake: Wake): string => `${prefix}:wake:${wake}`;
