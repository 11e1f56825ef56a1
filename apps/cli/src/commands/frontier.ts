import { type Frontier, frontierAxes, ReluctantError } from "@reluctant/contracts";
import {
  bytes,
  type Cost,
  compact,
  count,
  dagger,
  frontierPlot,
  linearTitles,
  milliseconds,
  type PlotDescription,
  percent,
  protocolTitles,
  seriesNames,
  trafficOf,
  widthOf,
  widthText,
} from "@reluctant/plot";
import { terminalLines } from "@reluctant/plot/terminal";
import { chosenSetting, measuredSettings, modelledCost, piSystemPresets } from "@reluctant/relu";
import { type Command, Option } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { print, printJson } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { joined, line, type Text } from "../terminal/text.ts";

export const frontier = (program: Command): Command =>
  withConnection(
    program
      .command("frontier <dataset> <model>")
      .description("the accuracy–ReLU frontier of a dataset and model, as a table and a plot")
      .addOption(
        new Option("--axis <name>", "what to draw it over: ReLUs kept, or what inferences were measured to cost")
          .choices(frontierAxes)
          .default("relus"),
      )
      .option(
        "--setting <words>",
        "of measurements, by words of it such as 'gmw wan'; the one of most points unless told",
      )
      .option("--json", "print it as JSON"),
  ).action(async (dataset: string, model: string, flags: ConnectionFlags & Cost & { json?: true }) => {
    const { axis, setting, json } = flags;
    const client = await connect(flags);
    if (json) return printJson(await client.frontier(dataset, model, { axis, ...(setting && { setting }) }));
    const found = await client.frontier(dataset, model);
    print(frontierText(found, process.stdout.columns, refuseUnknownSetting(found, { axis, setting })));
  });

const polynomialNote =
  "polynomial: units that compute one in place of their ReLU; equal ReLU counts are not equal cost";

/** Words that no setting has would draw an empty plot. */
function refuseUnknownSetting({ points }: Frontier, cost: Cost): Cost {
  const settings = measuredSettings(points);
  if (cost.axis === "relus" || cost.setting === undefined || chosenSetting(settings, cost.setting)) return cost;
  const known = settings.map(({ key }) => key).join("\n  ");
  throw new ReluctantError(
    "not-found",
    `--setting ${cost.setting} names no measurements; there are${known ? `\n  ${known}` : " none"}`,
  );
}

/** Table, plot and the sentence that people want. */
export function frontierText(found: Frontier, width = 80, cost: Cost = { axis: "relus" }): Text {
  const plot = frontierPlot(found, cost);
  const polynomials = found.points.some(({ polynomialUnits }) => polynomialUnits > 0);
  const widths = found.points.some((point) => widthOf(point) < 1);
  const suspects = found.points.some(({ suspect }) => suspect !== null);
  const seriesOf = seriesNames(found.points);
  const rows = found.points.map((point) => [
    point.onFrontier ? "●" : "·",
    seriesOf(point),
    point.budget === null ? "–" : count(point.budget),
    count(point.reluCount),
    ...(polynomials ? [point.polynomialUnits === 0 ? "–" : count(point.polynomialUnits)] : []),
    percent(point.reluCount / found.totalRelus, 1),
    ...(widths ? [widthText(widthOf(point))] : []),
    compact(point.macs),
    percent(point.validationAccuracy),
    percent(point.testAccuracy) + (suspects ? dagger(point).padEnd(2) : ""),
    String(point.seed),
    count(point.images),
    point.id.slice(0, 8),
  ]);
  const columns = [
    { title: " " },
    { title: "method" },
    ...[
      "budget",
      "ReLUs",
      ...(polynomials ? ["polynomial"] : []),
      "of all",
      ...(widths ? ["width"] : []),
      "MACs",
      "validation",
      "test",
      "seed",
      "images",
    ].map((title) => ({ title, align: "right" as const })),
    { title: "id" },
  ];
  const picture = terminalLines(plot, { width: Math.min(100, width), height: 20 });
  const notes = [...(polynomials ? [polynomialNote] : []), ...plot.notes];
  return joined([
    table(columns, rows),
    ...notes.map((note) => line`${note}`),
    "",
    ...picture.map((cells) => line`${cells}`),
    ...publishedLines(plot),
    ...plot.caption.map((part) => line`${part}`),
    ...measurementLines(found),
    "",
    line`${plot.sentence}`,
  ]);
}

/** What private inference cost, where it was measured: each on the machine and network that it names. */
function measurementLines({ points }: Frontier): Text[] {
  const measured = points.flatMap((point) => point.measurements.map((measurement) => ({ point, measurement })));
  if (measured.length === 0) return [];
  const rows = measured.map(
    ({ point, measurement: { system, protocol, linear, profile, batch, samples, agreement, cost, machine } }) => [
      point.method,
      count(point.reluCount),
      String(point.seed),
      piSystemPresets[system].title,
      protocolTitles[protocol],
      linearTitles[linear],
      profile,
      String(batch),
      milliseconds(cost.online.ms),
      `${milliseconds(cost.online.leastMs)} to ${milliseconds(cost.online.mostMs)}`,
      bytes(trafficOf(cost.online)),
      String(cost.online.rounds),
      milliseconds(cost.offline.ms),
      bytes(trafficOf(cost.offline)),
      milliseconds(modelledCost(system, { macs: point.macs, relus: point.reluCount }).online.ms),
      `${percent(agreement, 0)} of ${samples}`,
      machine.disturbed ? "disturbed" : "alone",
    ],
  );
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "private inference" },
    ...["ReLUs", "seed"].map(right),
    { title: "system" },
    { title: "ReLUs by" },
    { title: "linear layers by" },
    { title: "network" },
    ...["batch", "online", "least to most", "bytes", "rounds", "offline", "bytes", "modelled online", "same class"].map(
      right,
    ),
    { title: "machine was" },
  ];
  const said = new Set(
    measured.flatMap(({ measurement: { system, cost, machine } }) => [
      `measured on ${machine.processor}, ${machine.cores} cores, ${machine.level} kernels`,
      ...(cost.label ? [`${piSystemPresets[system].title}: ${cost.label}`] : []),
      `modelled: by published constants, not measured (${piSystemPresets[system].title}: ${piSystemPresets[system].published.source})`,
    ]),
  );
  return ["", table(columns, rows), ...[...said].map((text) => line`${text}`)];
}

/** What papers report, where they do: `SNL (Cho et al., ICML 2022): 12.9k 88.2 %, …`. */
const publishedLines = ({ published }: PlotDescription): string[] =>
  published.map(({ method, source, points }) => {
    const reached = points.map(({ reluCount, accuracy }) => `${compact(reluCount)} ${percent(accuracy, 1)}`).join(", ");
    return `published, ResNet-18 or WRN-22-8: ${method} (${source}): ${reached}`;
  });
