import type { Command } from "commander";

export const up = (program: Command): Command =>
  program
    .command("up")
    .description("start the local stack and keep it up until Ctrl-C; the same as npm start")
    .option("--data <folder>", "where it keeps its data", "var")
    .option("--workers <n>", "how many workers", (text) => Number.parseInt(text, 10), 1)
    .action(async ({ data, workers }: { data: string; workers: number }) => {
      const { runStack } = await import("@reluctant/local");
      await runStack({ dir: data, workers });
    });
