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
 * Notifications say "look again" and carry nothing: each has a poll behind it, so a lost one costs a second, never work.
 *
 * | notification | published when | who looks |
 * | --- | --- | --- |
 * | dispatch | a stage run may have become ready, or a slot free | coordinator |
 * | jobs | jobs were added | workers of versions that do not wait for BullMQ's markers |
 * | stop | a running attempt was asked to stop | workers with a running attempt: they beat at once |
 * | events | events were committed | the API's event streams |
 */
export const notificationNames = ["dispatch", "jobs", "stop", "events"] as const;
export type NotificationName = (typeof notificationNames)[number];

/** Processes of two versions meet here, so the channel keeps its first name. */
export const notificationChannel = (prefix: string, name: NotificationName): string => `${prefix}:wake:${name}`;
