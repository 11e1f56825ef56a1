import { idSchema, ReluctantError } from "@reluctant/contracts";
import type { Client } from "@reluctant/sdk";

/** Experiments looked at for a short id or a name: the newest. */
const maxSearched = 1_000;

/** The id of an experiment given by id, by the first digits of one as `ls` prints them, or by name (the newest). */
export async function findExperiment(client: Client, given: string): Promise<string> {
  if (idSchema.safeParse(given).success) return given;
  const byId: string[] = [];
  let byName: string | undefined;
  let seen = 0;
  for await (const { id, name } of client.experiments.all()) {
    if (id.startsWith(given)) byId.push(id);
    if (name === given) byName ??= id;
    if (++seen === maxSearched) break;
  }
  if (byId.length > 1)
    throw new ReluctantError("invalid-request", `${given} begins ${byId.length} ids; give more digits`);
  const found = byId[0] ?? byName;
  if (!found) throw new ReluctantError("not-found", `there is no experiment ${given}; list them with: reluctant ls`);
  return found;
}
