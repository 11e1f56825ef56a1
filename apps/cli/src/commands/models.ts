import { count, short } from "@reluctant/plot";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { table } from "../terminal/table.ts";

export const models = (program: Command): Command =>
  withConnection(
    program.command("models").description("models with their ReLUs in both counting conventions, parameters and MACs"),
  ).action(async (flags: ConnectionFlags) => {
    const rows = (await (await connect(flags)).models()).map((model) => [
      model.name,
      model.inputShape.join("×"),
      count(model.reluCount),
      count(model.reluCountWithoutStem),
      short(model.params),
      short(model.macs),
    ]);
    const columns = [
      { title: "model" },
      { title: "input" },
      ...["ReLUs", "without stem", "params", "MACs"].map((title) => ({ title, align: "right" as const })),
    ];
    process.stdout.write(`${table(columns, rows)}\n`);
  });
