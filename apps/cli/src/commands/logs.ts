import { setTimeout as delay } from "node:timers/promises";
import { idSchema, ReluctantError, type StageRun } from "@reluctant/contracts";
import { ApiError, type Client } from "@reluctant/sdk";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { findExperiment } from "../find-experiment.ts";
import { note, write } from "../terminal/print.ts";
import { wholeNumber } from "../whole-number.ts";

export const logs = (program: Command): Command =>
  withConnection(
    program
      .command("logs <id>")
      .description("print the log of a stage run, or of the one that an experiment is at")
      .option("-f, --follow", "go on until the attempt ends")
      .option("--attempt <n>", "another attempt than the last, by number", wholeNumber({ min: 1, max: 1_000 })),
  ).action(async (id: string, flags: ConnectionFlags & { follow?: true; attempt?: number }) => {
    const client = await connect(flags);
    const stageRun = await findStageRun(client, id);
    const attempts = await client.stageRuns.attempts(stageRun.id);
    const attempt =
      flags.attempt === undefined ? attempts.at(-1) : attempts.find((one) => one.number === flags.attempt);
    if (!attempt) {
      const which = flags.attempt === undefined ? "attempt yet" : `attempt ${flags.attempt}`;
      throw new ReluctantError("not-found", `${stageRun.kind} ${stageRun.id} has no ${which}`);
    }
    note(`${stageRun.kind} ${stageRun.id}, attempt ${attempt.number}, ${attempt.state}`);
    await print(client, attempt.id, Boolean(flags.follow));
  });

async function findStageRun(client: Client, given: string): Promise<StageRun> {
  if (idSchema.safeParse(given).success) {
    try {
      return await client.stageRuns.get(given);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error; // else it may be an experiment's
    }
  }
  const { stageRuns } = await client.experiments.get(await findExperiment(client, given));
  const begun = stageRuns.filter((run) => run.attempts > 0);
  const inState = (state: StageRun["state"]) => begun.find((run) => run.state === state);
  const found = inState("active") ?? inState("failed") ?? begun.at(-1); // one that was cancelled may not have begun
  if (!found) throw new ReluctantError("not-found", `nothing of ${given} has begun yet`);
  return found;
}

async function print(client: Client, attemptId: string, follow: boolean): Promise<void> {
  let offset = 0;
  let held = ""; // half of an end of line, whose other half may begin the next page
  for (;;) {
    const page = await client.attempts.log(attemptId, { offset });
    const text = held + page.text;
    held = text.endsWith("\r") && !page.ended ? "\r" : "";
    write(text.slice(0, text.length - held.length));
    const more = page.next > offset;
    offset = page.next;
    if (more) continue;
    if (page.ended || !follow) return;
    await delay(500);
  }
}
