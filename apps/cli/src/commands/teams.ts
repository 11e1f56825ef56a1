import type { TeamShare } from "@reluctant/contracts";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { jsonLinesOption, jsonOption, type ListFlags, printedAsJson } from "../list-output.ts";
import { print } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { line } from "../terminal/text.ts";

const secondsAnHour = 3_600;

interface ShareFlags {
  weight?: number;
  /** GPU-hours; false takes it away. */
  quota?: number | false;
  hard?: true;
  soft?: true;
}

export const teams = (program: Command): Command => {
  const command = program.command("teams").description("list teams and their shares, or give one another");
  withConnection(
    command
      .command("list", { isDefault: true })
      .description("weights, quotas, and GPU-hours of late: what was used counts half after a day")
      .addOption(jsonOption("print them as a JSON array"))
      .addOption(jsonLinesOption()),
  ).action(async (flags: ConnectionFlags & ListFlags) => {
    const items = await (await connect(flags)).teams.list();
    if (!printedAsJson(items, flags)) print(listed(items));
  });
  withConnection(
    command
      .command("set <name>")
      .description("give a team another weight or quota, from the next dispatch on")
      .option("--weight <number>", "its use is divided by it: twice the weight is twice the share", positive)
      .option("--quota <GPU-hours>", "of late; over it the team waits for those who are under theirs", positive)
      .option("--no-quota", "take its quota away")
      .addOption(new Option("--hard", "over its quota it gets no slot at all").conflicts("soft"))
      .option("--soft", "over its quota it still gets what nobody else wants"),
  ).action(async (name: string, flags: ConnectionFlags & ShareFlags) => {
    const { weight, quota, hard, soft } = flags;
    const change = { weight, quota: secondsOf(quota), hard: hard ?? (soft ? false : undefined) };
    const share = await (await connect(flags)).teams.change(name, change);
    print(line`${share.name}: weight ${String(share.weight)}, ${quotaText(share)}`);
  });
  return command;
};

const secondsOf = (quota: number | false | undefined): number | null | undefined => {
  if (quota === undefined) return undefined;
  return quota === false ? null : quota * secondsAnHour;
};

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It is to be a number above 0.");
}

const hours = (seconds: number): string => (seconds / secondsAnHour).toFixed(1);

const quotaText = ({ quota, hard }: TeamShare): string =>
  quota === null ? "no quota" : `${hours(quota)} GPU-hours ${hard ? "at most" : "before others"}`;

const listed = (items: readonly TeamShare[]): string =>
  table(
    ["team", "weight", "GPU-hours of late", "quota"].map((title) => ({ title })),
    items.map((share) => [share.name, String(share.weight), hours(share.gpuSeconds), quotaText(share)]),
  );
