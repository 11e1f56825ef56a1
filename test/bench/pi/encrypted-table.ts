import type { Kept } from "./kept.ts";

const cost = /^(.+), encrypted linear layers, (\w+): (.+?)(?:, to the (server|client))?$/;
const noise = /^(\w+), ([\w.]+): (noise of products|left of the noise that decryption bears)$/;

export const isOfEncryption = ({ case: name }: Kept): boolean => cost.test(name) || noise.test(name);

/** A line for each network: what all its linear layers cost offline, beside all that is offline and what is online. */
export function encryptedTable(rows: readonly Kept[]): string {
  const networks = new Map<string, { level: string; figures: Map<string, Kept> }>();
  for (const row of rows) {
    const [, network, level, what, way = "time"] = cost.exec(row.case) ?? [];
    if (!network || !level || !what) continue;
    const found = networks.get(network) ?? { level, figures: new Map() };
    found.figures.set(`${what.replace(/, with .*/, "")}, ${way}`, row);
    networks.set(network, found);
  }
  const titles = ["network", "level", "linear layers, ms", "MB to server", "MB to client", "all offline, ms"];
  const wanted = ["linear layers, offline, time", "linear layers, offline, server", "linear layers, offline, client"];
  const lines = [...networks].map(([network, { level, figures }]) => {
    const cells = [...wanted, "all offline, time", "all offline, server", "all offline, client", "online, time"].map(
      (name) => short(figures.get(name)?.value),
    );
    const { load, date } = [...figures.values()].at(-1) as Kept;
    return [network, level, ...cells, load, date];
  });
  return table([...titles, "MB to server", "MB to client", "online ms", "load", "taken"], lines);
}

/** A line for each network: the layer that comes nearest to its bound, before the flood and when it is decrypted. */
export function noiseTable(rows: readonly Kept[]): string {
  const networks = new Map<string, { made: Kept[]; left: Kept[] }>();
  for (const row of rows) {
    const [, network, , what] = noise.exec(row.case) ?? [];
    if (!network) continue;
    const found = networks.get(network) ?? { made: [], left: [] };
    (what === "noise of products" ? found.made : found.left).push(row);
    networks.set(network, found);
  }
  const lines = [...networks].map(([network, { made, left }]) => {
    const most = made.reduce((a, b) => (b.value > a.value ? b : a));
    const least = left.reduce((a, b) => (b.value < a.value ? b : a));
    return [network, made.length, short(most.value), short(most.atMost), short(least.value), short(least.atLeast)];
  });
  return table(
    ["network", "layers", "noise of products, bits", "at most", "left when it is decrypted, bits", "at least"],
    lines,
  );
}

const short = (value: number | undefined): string => (value === undefined ? "" : String(Number(value.toPrecision(3))));

const table = (titles: readonly string[], lines: readonly (string | number)[][]): string =>
  [titles, titles.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
