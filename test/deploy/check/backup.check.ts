/**
 * The drill of docs/operations.md, "Backup and restore", both ways: what ran at the moment of the backup goes on from its
 * last checkpoint of then, beside the installation that it was taken from, and both end with the same bits.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureDatabase, startPostgres } from "@reluctant/local";
import { describe, expect, test } from "vitest";
import { artifactsOf, type Cluster, images, startCluster } from "../../cluster.ts";
import { skipFor } from "../../skip-for.ts";
import { read } from "../files.ts";
import { postgresClients } from "./postgres-clients.ts";
import { output } from "./programs.ts";
import { tidyUp } from "./tidy-up.ts";

const spec = { budgets: ["10%"], settings: { train: { length: images(7_680) } } };

const own = tidyUp("backup");

/** Submits, and waits until there is something to lose. */
async function halfDone(cluster: Cluster): Promise<string> {
  const id = await cluster.submit(spec);
  await cluster.moment(
    "an attempt runs with a checkpoint",
    "select 1 from attempt a join checkpoint c on c.attempt_id = a.id where a.state = 'running' and c.step > 0 limit 1",
  );
  return id;
}

/** What docs/operations.md says to run in another server. */
async function afterRestore(): Promise<string> {
  const [, statements = ""] = /^```sql\n(update event .*?)^```/ms.exec(read("docs/operations.md")) ?? [];
  const file = join(own.folder, "after-restore.sql");
  await writeFile(file, statements);
  return file;
}

/** It ends as the one that it was taken from did, and what ran then was not begun anew. */
async function endsAlike(restored: Cluster, id: string, artifacts: Awaited<ReturnType<typeof artifactsOf>>) {
  expect(await restored.ended(id)).toMatchObject({
    state: "finished",
    progress: { total: 4, succeeded: 4, cached: 0 },
  });
  expect(await artifactsOf(restored)).toEqual(artifacts);
  expect(
    await restored.sql("select 1 from attempt where state = 'succeeded' and number = 2 and start_step > 0"),
  ).toHaveLength(1);
  const { events } = await restored.client.experiments.history(id);
  expect(events.at(-1)).toMatchObject({ type: "experiment.changed", experimentId: id });
}

test("the folder of `npm start`, copied while it is stopped", async () => {
  const dir = join(own.folder, "var");
  const copy = join(own.folder, "copy");
  const before = await startCluster({ dir });
  const id = await halfDone(before);
  await before.stop();
  await output("cp", ["-a", dir, copy]);

  const after = own.stopLater(await startCluster({ dir }));
  await after.ended(id);
  const restored = own.stopLater(await startCluster({ dir: copy }));
  await endsAlike(restored, id, await artifactsOf(after));
});

const clients = await postgresClients();

describe("pg_dump", skipFor("missing" in clients ? clients.missing : null), () => {
  test("a dump of a database in use, restored into another server", async () => {
    const { bin } = clients as { bin: string };
    const cluster = own.stopLater(await startCluster());
    const id = await halfDone(cluster);
    const dump = join(own.folder, "dump");
    await output(`${bin}pg_dump`, ["-Fc", "-f", dump, cluster.stack.databaseUrl]);
    await cluster.ended(id);

    const other = own.stopLater(await startPostgres({ dir: join(own.folder, "postgres"), ephemeral: true }));
    const databaseUrl = await ensureDatabase(other.url, "reluctant");
    await output(`${bin}pg_restore`, ["--exit-on-error", "--no-owner", "-d", databaseUrl, dump]);
    await output(`${bin}psql`, ["--set=ON_ERROR_STOP=1", "-f", await afterRestore(), databaseUrl]);
    const restored = own.stopLater(await startCluster({ databaseUrl }));
    await endsAlike(restored, id, await artifactsOf(cluster));
  });
});
