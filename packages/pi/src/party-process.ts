/** A party's process: takes its task from the process that started it, and says when it listens and what it found. */
import type { PartyResult, PartyTask } from "./party.ts";
import { runParty } from "./party.ts";

export type PartyReport =
  | { kind: "listening" }
  | { kind: "inferred"; images: number }
  | { kind: "finished"; result: PartyResult }
  | { kind: "failed"; message: string };

const report = (message: PartyReport): Promise<void> =>
  new Promise((resolve) => process.send?.(message, () => resolve()) ?? resolve());

/** Where the process that started this one is killed, no one awaits the result. */
const orphaned = () => process.exit(1);
process.once("disconnect", orphaned);

process.once("message", async (task: PartyTask) => {
  try {
    const result = await runParty(task, {
      onListening: () => void report({ kind: "listening" }),
      onInferred: (images) => void report({ kind: "inferred", images }),
    });
    await report({ kind: "finished", result });
  } catch (error) {
    await report({
      kind: "failed",
      message: `${task.role}: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  process.off("disconnect", orphaned);
  process.disconnect();
});
