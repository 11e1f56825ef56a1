import type { ArtifactStore } from "@reluctant/artifacts";
import type { Identity } from "@reluctant/contracts";
import type { Database } from "@reluctant/db";

/** What every command and query needs. There is no Redis here: state changes must not wait for delivery. */
export interface Deps {
  db: Database;
  artifacts: ArtifactStore;
  notifications: Notifier;
}

/** A slot is free or a stage run ready; a running attempt is to stop; events were committed. */
export type NotificationName = "dispatch" | "stop" | "events";

/** Tells others to look again now. It never fails and nobody waits for it, since each looks by itself after a while. */
export interface Notifier {
  publish(...names: NotificationName[]): void;
}

/** Who asks: what `authenticate` answers. */
export type Caller = Identity & { teamId: string };
