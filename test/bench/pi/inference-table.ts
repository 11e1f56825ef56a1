import type { Kept } from "./kept.ts";

const pattern = /^(\w+), (\d+) ReLUs, (\w+), (\w+), (\w+)(?:, (\d+) threads)?, (online.*|offline.*)$/;
const ofSystem = /^(\w+), (\d+) ReLUs, as (\w+), (\w+), (\w+)(?:, (\d+) threads)?, (online.*|offline.*)$/;

/** What stands at the end of a figure's name, in the order of the columns. */
const columns: { title: string; is: (what: string) => boolean }[] = [
  { title: "online ms", is: (what) => what === "online" },
  { title: "MB to client", is: (what) => what === "online to the client" },
  { title: "MB to server", is: (what) => what === "online to the server" },
  { title: "rounds", is: (what) => what === "online rounds" },
  { title: "offline ms", is: (what) => what.startsWith("offline (") },
  { title: "MB to client", is: (what) => what === "offline to the client" },
  { title: "MB to server", is: (what) => what === "offline to the server" },
];

export const isOfInference = ({ case: name }: Kept): boolean => pattern.test(name) || ofSystem.test(name);

/** A line for each inference, with what was asked for and how far its bytes are off the formula. */
export const inferenceTable = (rows: readonly Kept[]): string => tableOf(rows, { pattern, third: "protocol" });

/** The same of systems. */
export const systemsTable = (rows: readonly Kept[]): string => tableOf(rows, { pattern: ofSystem, third: "system" });

function tableOf(rows: readonly Kept[], { pattern, third }: { pattern: RegExp; third: string }): string {
  const byInference = new Map<string, { head: string[]; figures: (Kept & { what: string })[] }>();
  for (const row of rows) {
    const [, network, relus, protocol, profile, level, threads = "1", what] = pattern.exec(row.case) ?? [];
    if (!what) continue;
    const head = [network, relus, protocol, profile, level, threads] as string[];
    const found = byInference.get(head.join()) ?? { head, figures: [] };
    found.figures.push({ ...row, what });
    byInference.set(head.join(), found);
  }
  const lines = [...byInference.values()].map(({ head, figures }) => {
    const cells = columns.map(({ is }) => {
      const figure = figures.find(({ what }) => is(what));
      if (!figure) return "";
      const bar = figure.atMost === undefined ? "" : ` (at most ${figure.atMost})`;
      return `${Number(figure.value.toPrecision(3))}${bar}`;
    });
    const offFormula = figures.filter(({ what }) => what.endsWith("off the formula")).map(({ value }) => value);
    const last = figures.at(-1) as Kept;
    const off = offFormula.length > 0 ? `${Math.max(...offFormula).toFixed(1)} %` : "";
    return `| ${[...head, ...cells, off, last.load, last.date].join(" | ")} |`;
  });
  const titles = ["network", "ReLUs", third, "between", "level", "threads", ...columns.map(({ title }) => title)];
  const all = [...titles, "bytes off the formula", "load", "taken"];
  return [`| ${all.join(" | ")} |`, `| ${all.map((_, i) => (i < 5 ? "---" : "---:")).join(" | ")} |`, ...lines].join(
    "\n",
  );
}
