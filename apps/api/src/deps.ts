import type { Deps as ControlDeps } from "@reluctant/control";
import type { Notifications, Producer, Redis } from "@reluctant/queue";
import type { Logger, Metrics } from "@reluctant/telemetry";
import type { Limits } from "./limits.ts";

/** Everything the API needs of the world. Redis may be away at any time; Postgres may not, or answers are 503. */
export interface AppDeps {
  control: ControlDeps;
  redis: Redis;
  notifications: Notifications;
  producer: Producer;
  logger: Logger;
  metrics: Metrics;
  limits: Limits;
  /** Where browsers reach this API, when a proxy stands before it; otherwise the request's Host counts. */
  publicUrl: URL | null;
  /** Folder of the built dashboard; it need not exist. */
  dashboard: string;
  /** Aborted when the process is asked to stop: endless answers end. */
  stopping: AbortSignal;
}
