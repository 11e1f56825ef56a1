import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EngineInfo, type Frontier, type InputName, inputRole, type TrainingParams } from "@reluctant/contracts";
import type { Implementation } from "@reluctant/stages/definitions";
import { Client } from "pg";
import { restoreArchive } from "./archive.ts";

export const migrations = join(import.meta.dirname, "../../prisma/migrations");

/** Every stack that is kept, by the version that left it. */
export const keptVersions = (await readdir(import.meta.dirname, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

export interface KeptExperiment {
  id: string;
  state: string;
  /** As it was submitted. */
  spec: Record<string, unknown>;
}

/** A stage run that was stopped in its middle. */
export interface HalfRun {
  id: string;
  implementation: Implementation;
  params: TrainingParams;
  seed: number;
  engine: EngineInfo;
  /** Steps done. */
  step: number;
  checkpoint: Uint8Array;
  inputs: Partial<Record<InputName, Uint8Array>>;
}

export interface Restored {
  databaseUrl: string;
  experiments: KeptExperiment[];
  halfRuns: HalfRun[];
  /** What the API answered. */
  frontier: Frontier;
  drop(): Promise<void>;
}

/** A database of one's own with a kept stack in it, under the schema of then, and what the rows say of it. */
export async function restore(version: string): Promise<Restored> {
  const folder = join(import.meta.dirname, version);
  const server = process.env.TEST_DATABASE_URL as string;
  const name = `kept_${randomUUID().replaceAll("-", "")}`;
  await query(server, `create database ${name}`);
  const databaseUrl = Object.assign(new URL(server), { pathname: name }).href;
  await restoreArchive(databaseUrl, folder, migrations);
  return {
    databaseUrl,
    experiments: await query(
      databaseUrl,
      "select id::text, state, spec from experiment e join spec_revision s on s.experiment_id = e.id order by e.created_at",
    ),
    halfRuns: await query<HalfRun>(databaseUrl, halfRunRows).then((runs) =>
      runs.map((run) => ({ ...run, ...plain(run) })),
    ),
    frontier: JSON.parse(await readFile(join(folder, "frontier.json"), "utf8")),
    drop: async () => void (await query(server, `drop database ${name} with (force)`)),
  };
}

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Each artifact is one chunk: none is over 4 MB. */
const bytesOf = (sha256: string) =>
  `(select encode(k.bytes, 'base64') from artifact_chunk k join artifact a on a.id = k.artifact_id where a.sha256 = ${sha256})`;

const roleOf = Object.entries(inputRole)
  .map(([input, role]) => `when '${input}' then '${role}'`)
  .join(" ");

const halfRunRows = `
  select distinct on (r.id) r.id::text, r.implementation, r.params, r.seed, a.engine, c.step, ${bytesOf("c.sha256")} as checkpoint,
    (select coalesce(jsonb_object_agg(i.name, ${bytesOf("coalesce(i.sha256, o.sha256)")}), '{}')
     from stage_run_input i left join stage_run_artifact o on o.stage_run_id = i.source_stage_run_id
       and o.variant = i.variant and o.role = case i.name ${roleOf} end
     where i.stage_run_id = r.id) as inputs
  from stage_run r join checkpoint c on c.stage_run_id = r.id join attempt a on a.id = c.attempt_id
  where r.state in ('ready', 'active') order by r.id, c.step desc`;

const decoded = (text: unknown) => new Uint8Array(Buffer.from(text as string, "base64"));
const plain = ({ checkpoint, inputs }: HalfRun): Pick<HalfRun, "checkpoint" | "inputs"> => ({
  checkpoint: decoded(checkpoint),
  inputs: Object.fromEntries(Object.entries(inputs).map(([name, text]) => [name, decoded(text)])),
});
