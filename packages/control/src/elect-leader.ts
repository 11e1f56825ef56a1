import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

/** Takes or renews the lease `name` by Postgres' clock. False while another holds it. */
export async function electLeader(
  { db }: Deps,
  { name, holder, leaseSeconds }: { name: string; holder: string; leaseSeconds: number },
): Promise<boolean> {
  return (await db.maybe(sql.electLeader, { name, holder, leaseSeconds })) !== null;
}

/** Gives the lease back on the way out, so that the next one need not wait for its end. */
export async function resignLeader({ db }: Deps, { name, holder }: { name: string; holder: string }): Promise<void> {
  await db.run(sql.resignLeader, { name, holder });
}
