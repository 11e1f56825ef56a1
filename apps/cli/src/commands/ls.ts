import { type ExperimentState, experimentStates } from "@reluctant/contracts";
import { percent, short } from "@reluctant/plot";
import { type Command, Option } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { ago, bar } from "../terminal/format.ts";
import { table } from "../terminal/table.ts";
import { wholeNumber } from "../whole-number.ts";

export const ls = (program: Command): Command =>
  withConnection(
    program
      .command("ls")
      .description("list experiments, newest first")
      .addOption(new Option("--state <state>", "only those in this state").choices(experimentStates))
      .option("--search <words>", "only those whose name holds these words")
      .option("--limit <n>", "how many", wholeNumber({ min: 1, max: 200 }), 20)
      .option("--json", "print them as JSON, one a line"),
  ).action(
    async (flags: ConnectionFlags & { state?: ExperimentState; search?: string; limit: number; json?: true }) => {
      const client = await connect(flags);
      const { items, next } = await client.experiments.list({
        state: flags.state,
        search: flags.search,
        limit: flags.limit,
      });
      if (flags.json) {
        for (const item of items) process.stdout.write(`${JSON.stringify(item)}\n`);
        return;
      }
      if (items.length === 0) {
        process.stdout.write("no experiments; submit one with: reluctant submit examples/quick.yaml\n");
        return;
      }
      const rows = items.map((item) => [
        item.id.slice(0, 8),
        item.name,
        item.state,
        `${item.dataset} · ${item.model}`,
        `${item.methods.length} × ${Math.max(1, item.budgets.length)} × ${item.seeds.length}`,
        `${bar(item.progress.succeeded / Math.max(1, item.progress.total), 10)} ${item.progress.succeeded}/${item.progress.total}`,
        item.best ? `${short(item.best.reluCount)} ${percent(item.best.testAccuracy, 1)}` : "–",
        ago(item.createdAt, Date.now()),
      ]);
      const titles = ["id", "name", "state", "dataset · model", "sweep", "stage runs", "best", "age"];
      process.stdout.write(
        `${table(
          titles.map((title) => ({ title })),
          rows,
        )}\n${next ? "more with --limit\n" : ""}`,
      );
    },
  );
