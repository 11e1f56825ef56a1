import type { ArtifactStore } from "@reluctant/artifacts";
import type { Identity } from "@reluctant/contracts";
import type { Database } from "@reluctant/db";

/** What every command and query needs. There is no Redis here: state changes must not wait for delivery. */
export interface Deps {
  db: Database;
  artifacts: ArtifactStore;
}

/** Who asks: what `authenticate` answers. */
export type Caller = Identity & { teamId: string };
