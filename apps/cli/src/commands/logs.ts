import { setTimeout as delay } from "node:timers/promises";
import { ReluctantError } from "@reluctant/contracts";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";

export const logs = (program: Command): Command =>
  withConnection(
    program
      .command("logs <stage-run>")
      .description("print the log of a stage run's last attempt")
      .option("-f, --follow", "go on until the attempt ends")
      .option("--attempt <n>", "another attempt, by number", (text) => Number.parseInt(text, 10)),
  ).action(async (id: string, flags: ConnectionFlags & { follow?: true; attempt?: number }) => {
    const client = await connect(flags);
    const attempts = await client.stageRuns.attempts(id);
    const attempt =
      flags.attempt === undefined ? attempts.at(-1) : attempts.find((one) => one.number === flags.attempt);
    if (!attempt)
      throw new ReluctantError(
        "not-found",
        `stage run ${id} has no ${flags.attempt === undefined ? "attempt yet" : `attempt ${flags.attempt}`}`,
      );
    let offset = 0;
    for (;;) {
      const page = await client.attempts.log(attempt.id, { offset });
      process.stdout.write(page.text);
      const more = page.next > offset;
      offset = page.next;
      if (more) continue;
      if (page.ended || !flags.follow) return;
      await delay(500);
    }
  });
