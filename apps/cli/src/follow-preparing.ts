import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "@reluctant/sdk";
import { LiveLines } from "./terminal/live-lines.ts";
import { preparingLine, readyLine, unusableLine } from "./terminal/preparing.ts";
import { yellow } from "./terminal/text.ts";

const lookEveryMs = 500;

/**
 * Shows how far the data sets are that workers prepare, until none is left: bars on a terminal, a line every few seconds
 * elsewhere, and nothing for what is there already. A line stays for each that becomes ready, and for each that cannot be used.
 */
export async function followPreparing(client: Client, out: NodeJS.WriteStream, stopping?: AbortSignal): Promise<void> {
  const live = new LiveLines(out);
  const awaited = new Set<string>();
  const told = new Set<string>();
  while (!stopping?.aborted) {
    const { items, preparing, unusable } = await client.datasetList({ signal: stopping });
    for (const dataset of unusable.map(unusableLine).filter((line) => !told.has(line))) {
      told.add(dataset);
      live.event(yellow(dataset));
    }
    for (const dataset of items.filter(({ name }) => awaited.delete(name))) {
      if (preparing.some(({ name }) => name === dataset.name)) awaited.add(dataset.name);
      else live.event(readyLine(dataset));
    }
    for (const { name } of preparing) awaited.add(name);
    live.draw(preparing.map(preparingLine));
    if (preparing.length === 0) break;
    await delay(lookEveryMs, undefined, { signal: stopping }).catch(() => {});
  }
  live.clear();
}
