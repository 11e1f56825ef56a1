import type { Agent, Deps } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import type { Fence } from "./slot-file.ts";
import type { StopOrder } from "./stop-order.ts";

/** What all phases of an attempt share. */
export interface AttemptContext {
  deps: Deps;
  /** For what all slots of the process ask. */
  agent: Agent;
  /** Fences every write. */
  fence: Fence;
  /** The attempt's own folder, and the only one in which its child may name files. */
  scratch: string;
  stop: StopOrder;
  log: Logger;
}
