import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frontier } from "@reluctant/contracts";
import { frontierCsv, frontierPlot, type PlotDescription } from "@reluctant/plot";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { print } from "../terminal/print.ts";

export const exportFrontier = (program: Command): Command =>
  withConnection(
    program
      .command("export <dataset> <model>")
      .description("write the frontier to frontier.csv and frontier.svg")
      .option("--out <folder>", "where to write", "."),
  ).action(async (dataset: string, model: string, flags: ConnectionFlags & { out: string }) => {
    const written = await writeFrontier(await (await connect(flags)).frontier(dataset, model), flags.out);
    print(`wrote ${written.join(" and ")}`);
  });

/** Writes both files; answers their paths. */
export async function writeFrontier(found: Frontier, folder: string): Promise<string[]> {
  const { renderSvg, stacked } = await import("@reluctant/plot/svg"); // a whole document model: only for whoever wants the file
  const panels = panelsOf(found);
  const svg = stacked(
    panels[0].title,
    panels.map((plot) => renderSvg(plot)),
  );
  const files: [string, string][] = [
    ["frontier.csv", frontierCsv(found)],
    ["frontier.svg", svg],
  ];
  const paths = files.map(([name]) => join(folder, name));
  await Promise.all(files.map(([, text], i) => writeFile(paths[i] as string, text)));
  return paths;
}

/** Over ReLUs, and under it over the latency where that was measured. */
function panelsOf(found: Frontier): [PlotDescription, ...PlotDescription[]] {
  const measured = frontierPlot(found, { axis: "online-latency" });
  return [frontierPlot(found), ...(measured.setting ? [measured] : [])];
}
