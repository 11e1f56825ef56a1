import type { DatasetDetail } from "@reluctant/contracts";
import { count } from "@reluctant/plot";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { print, printJson } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { bold, dim, joined, line, type Text, yellow } from "../terminal/text.ts";

export const show = (datasets: Command): Command =>
  withConnection(
    datasets
      .command("show <name>")
      .description("the card of a data set: its classes, what was left out, and what two splits share"),
  ).action(async (name: string, _: unknown, command: Command) => {
    const flags = command.optsWithGlobals<ConnectionFlags & { json?: true }>();
    const dataset = await (await connect(flags)).dataset(name);
    if (flags.json) printJson(dataset);
    else print(cardText(dataset));
  });

/** As `inspect` tells a folder, of what workers have. */
export function cardText({ name, alsoNamed, version, splits, inputShape, classes, card }: DatasetDetail): Text {
  const counts = (["train", "validation", "test"] as const).map((split) => `${count(splits[split])} ${split}`);
  const rows: [string, string][] = [
    ["version", version],
    ["also named", alsoNamed.join(", ")],
    ["images", `${counts.join(", ")}; ${count(classes.length)} classes`],
    ["size", `${inputShape[1]}×${inputShape[0]}`],
  ];
  const told = rows.filter(([, text]) => text !== "").map(([title, text]) => line`${dim(title.padEnd(10))}  ${text}`);
  if (!card)
    return joined([
      bold(name),
      ...told,
      yellow("it has no card: a worker makes one as it prepares a data set, none of one that it fetches"),
    ]);
  const numbers = ["train", "validation", "test"].map((title) => ({ title, align: "right" as const }));
  return joined([
    bold(name),
    ...told,
    ...preparation(card.preparation),
    "",
    table(
      [{ title: "class" }, ...numbers],
      card.classes.map((each) => [each.name, ...[each.train, each.validation, each.test].map(count)]),
    ),
  ]);
}

function preparation(facts: NonNullable<DatasetDetail["card"]>["preparation"]): Text[] {
  if (!facts) return [yellow("an earlier version prepared it: what was left out and what splits share was not kept")];
  const { broken, duplicates } = facts;
  const leaks = duplicates.flatMap(({ between: [one, other], images, examples }) => [
    yellow(`${count(images)} images are both in ${one} and in ${other}, as`),
    ...examples.map(([first, second]) => line`  ${first} = ${second}`),
  ]);
  return [
    ...(broken.images > 0 ? [yellow(`${count(broken.images)} images are broken and left out, as`)] : []),
    ...broken.examples.slice(0, 5).map(({ reason }) => line`  ${reason}`),
    ...(leaks.length > 0 ? leaks : [line`${dim("leaks     ")}  no image occurs in two splits`]),
  ];
}
