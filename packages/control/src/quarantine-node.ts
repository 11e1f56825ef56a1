import { sql } from "@reluctant/db";
import { quarantineOf, quarantineWindowSeconds as windowSeconds } from "@reluctant/relu";
import type { CommandTx } from "./commit.ts";

/** The circuit breaker: takes the worker of an attempt that failed by its fault out of service when such failures add up. */
export async function quarantineNode(t: CommandTx, attemptId: string): Promise<void> {
  const record = await t.maybe(sql.nodeRecord, { attemptId, windowSeconds });
  const quarantine = record && quarantineOf(record);
  if (!quarantine) return; // gone, or trusted still
  await t.one(sql.quarantineWorker, { name: record.name, quarantines: record.quarantines + 1, ...quarantine });
}
