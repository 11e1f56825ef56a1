import type { Row } from "../row.ts";
import { cancels } from "./cancels.ts";
import { fairness } from "./fairness.ts";
import { functionalSuite } from "./functional-suite.ts";
import { hosts } from "./hosts.ts";
import { injectedFaults } from "./injected-faults.ts";
import { medley } from "./medley.ts";
import { partitions } from "./partitions.ts";
import { postgresRestarts } from "./postgres-restarts.ts";
import { redisLoss } from "./redis-loss.ts";
import { restart } from "./restart.ts";
import { standby } from "./standby.ts";
import { starvation } from "./starvation.ts";
import { statusFailures } from "./status-failures.ts";
import { turns } from "./turns.ts";
import { workerKills } from "./worker-kills.ts";
import { workerStorm } from "./worker-storm.ts";

export const rows: readonly Row[] = [
  medley,
  workerKills,
  restart,
  cancels,
  workerStorm,
  postgresRestarts,
  standby,
  redisLoss,
  statusFailures,
  partitions,
  turns,
  fairness,
  injectedFaults,
  functionalSuite,
  starvation,
  hosts,
];
