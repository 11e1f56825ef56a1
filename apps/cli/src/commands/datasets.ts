import { count } from "@reluctant/plot";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { preparingLine, unusableLine } from "../terminal/preparing.ts";
import { print, printJson } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { line, yellow } from "../terminal/text.ts";
import { inspect } from "./inspect-dataset.ts";
import { push } from "./push-dataset.ts";
import { show } from "./show-dataset.ts";

export function datasets(program: Command): void {
  const command = withConnection(
    program
      .command("datasets")
      .description(
        "data sets that experiments can name, those that workers prepare, and what they cannot use, with the reason",
      )
      .option("--json", "print both as JSON"),
  );
  inspect(command);
  push(command);
  show(command);
  command.action(async (flags: ConnectionFlags & { json?: true }) => {
    const list = await (await connect(flags)).datasetList();
    if (flags.json) return printJson(list);
    const rows = list.items.map(({ name, version, classes, inputShape, splits }) => [
      name,
      version.slice(0, 12),
      count(classes.length),
      inputShape.join("×"),
      ...[splits.train, splits.validation, splits.test].map(count),
    ]);
    const columns = [
      { title: "data set" },
      { title: "version" },
      { title: "classes", align: "right" as const },
      { title: "image" },
      ...["train", "validation", "test"].map((title) => ({ title, align: "right" as const })),
    ];
    print(rows.length > 0 ? table(columns, rows) : "no data set is registered");
    for (const { workers, ...dataset } of list.preparing)
      print(line`\n${preparingLine(dataset).text} (on ${workers.join(", ")})`);
    for (const { workers, ...dataset } of list.unusable) {
      print(line`\n${yellow(unusableLine(dataset))} (told by ${workers.join(", ")})`);
    }
  });
}
