import { ReluctantError, type StageRun } from "@reluctant/contracts";
import { bytes, measurementFacts, milliseconds, type PhaseCost, stepCosts } from "@reluctant/plot";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { print, printJson } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { joined, line, type Text } from "../terminal/text.ts";

export const show = (pi: Command): Command =>
  withConnection(
    pi
      .command("show <stage-run>")
      .description("what a measurement found, and where time and bytes go, layer by layer")
      .option("--json", "print its result as JSON"),
  ).action(async (id: string, _: unknown, command: Command) => {
    // the flags of `pi` that have the same names are taken first
    const flags: ConnectionFlags & { json?: true } = command.optsWithGlobals();
    const run = await (await connect(flags)).stageRuns.get(id);
    if (flags.json) printJson(run.result);
    else print(measurementText(run));
  });

const barWidth = 12;

/** Facts, then a row a step; a bar is a share of its column's largest. */
export function measurementText({ id, kind, implementation, state, params, result }: StageRun): Text {
  if (kind !== "private-inference" || params.kind !== "private-inference")
    throw new ReluctantError("not-found", `stage run ${id} is a ${kind}, no measurement of private inference`);
  if (result?.kind !== "private-inference")
    throw new ReluctantError("conflict", `stage run ${id} is ${state}: it has measured nothing yet`);
  const rows = stepCosts(result.cost.steps);
  const most = (of: (row: (typeof rows)[number]) => number) => Math.max(...rows.map(of));
  const [offline, online] = [most((row) => row.offline.ms), most((row) => row.online.ms)];
  const right = (title: string) => ({ title, align: "right" as const });
  return joined([
    ...measurementFacts(result, { implementation, params }).map(([name, text]) => line`${name.padEnd(10)} ${text}`),
    "",
    table(
      [
        { title: "step" },
        ...["offline", " ", "bytes", "online", " ", "bytes", "rounds"].map((title) =>
          title === " " ? { title } : right(title),
        ),
      ],
      rows.map((row) => [
        row.step,
        ...cells(row.offline, offline),
        ...cells(row.online, online),
        row.online.rounds === 0 ? "–" : String(row.online.rounds),
      ]),
    ),
  ]);
}

const cells = ({ ms, bytes: traffic }: PhaseCost, most: number): string[] => [
  ms === 0 ? "–" : milliseconds(ms),
  "█".repeat(Math.round((barWidth * ms) / most)).padEnd(barWidth),
  traffic === 0 ? "–" : bytes(traffic),
];
