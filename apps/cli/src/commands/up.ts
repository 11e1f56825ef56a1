import { createClient } from "@reluctant/sdk";
import type { Command } from "commander";
import { followPreparing } from "../follow-preparing.ts";
import { note, print } from "../terminal/print.ts";
import { startupProgress } from "../terminal/startup-progress.ts";
import { wholeNumber, workerCounts } from "../whole-number.ts";

export const up = (program: Command): Command =>
  program
    .command("up")
    .description("start the local stack and keep it up until Ctrl-C; npm start does it with one worker")
    .option("--data <folder>", "where it keeps its data", "var")
    .option("--workers <n>", "how many workers, each with its share of the cores", wholeNumber(workerCounts), 1)
    .action(async ({ data, workers }: { data: string; workers: number }) => {
      const { runStack } = await import("@reluctant/local");
      await runStack({
        dir: data,
        slots: workers,
        ...startupProgress(process.stdout),
        say: print,
        warn: note,
        onUp: ({ address = "", credentials }, stopping) => {
          const client = createClient({ baseUrl: address, token: credentials?.token });
          void followPreparing(client, process.stdout, stopping).catch(() => {}); // `reluctant datasets` tells it, too
        },
      });
    });
