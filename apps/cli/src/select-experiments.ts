import { type ExperimentSummary, ReluctantError } from "@reluctant/contracts";
import type { Client } from "@reluctant/sdk";
import type { Command } from "commander";
import { findExperiment } from "./find-experiment.ts";

export interface Selection {
  search?: string;
  owner?: string;
}

/** Flags that select many experiments in place of naming each. */
export const withSelection = (command: Command): Command =>
  command
    .option("--search <words>", "all whose name holds these words")
    .option("--owner <name>", "all that this person submitted");

/** Ids and names of what was asked for: those that were named, or all that are selected and that it `fits`. */
export async function selectExperiments(
  client: Client,
  named: readonly string[],
  { selection, fits }: { selection: Selection; fits: (experiment: ExperimentSummary) => boolean },
): Promise<{ id: string; name: string }[]> {
  const { search, owner } = selection;
  if (named.length > 0 === (search !== undefined || owner !== undefined))
    throw new ReluctantError("invalid-request", "name experiments, or select them with --search or --owner");
  const chosen: { id: string; name: string }[] = [];
  for (const given of named) chosen.push({ id: await findExperiment(client, given), name: given });
  if (named.length > 0) return chosen;
  for await (const experiment of client.experiments.all({ search }))
    if ((owner === undefined || experiment.owner === owner) && fits(experiment)) chosen.push(experiment);
  return chosen;
}
