import { compact, count } from "@reluctant/plot";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { jsonLinesOption, jsonOption, type ListFlags, printedAsJson } from "../list-output.ts";
import { print } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";

export const models = (program: Command): Command =>
  withConnection(
    program
      .command("models")
      .description("models with their ReLUs in both counting conventions, parameters and MACs")
      .addOption(jsonOption("print them as a JSON array"))
      .addOption(jsonLinesOption()),
  ).action(async (flags: ConnectionFlags & ListFlags) => {
    const found = await (await connect(flags)).models();
    if (printedAsJson(found, flags)) return;
    const rows = found.map((model) => [
      model.name,
      model.inputShape.join("×"),
      count(model.reluCount),
      count(model.reluCountWithoutStem),
      compact(model.params),
      compact(model.macs),
    ]);
    const columns = [
      { title: "model" },
      { title: "input" },
      ...["ReLUs", "without stem", "params", "MACs"].map((title) => ({ title, align: "right" as const })),
    ];
    print(table(columns, rows));
  });
