import { sha256Of } from "../no-op.ts";

/** Asks Postgres. */
export type Ask = <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>;

/** What must hold of a store in which all was to be done, however often it was struck: each fault in words. */
export async function faultsOf(sql: Ask): Promise<string[]> {
  return [...(await faultsOfRuns(sql)), ...(await faultsOfEvents(sql))];
}

/** Every stage run done, each by one attempt, at one time by one, with its own bytes. */
async function faultsOfRuns(sql: Ask): Promise<string[]> {
  const faults: string[] = [];
  const none = async (what: string, text: string) => {
    const [row] = await sql<{ count: number }>(`select count(*)::int as count from (${text}) found`);
    if (row?.count !== 0) faults.push(`${row?.count} ${what}`);
  };
  await none("experiments that are not finished", "select from experiment where state <> 'finished'");
  await none("stage runs without a result", "select from stage_run where state <> 'succeeded'");
  await none(
    "stage runs that did not succeed once",
    `select from stage_run r where 1 <> (select count(*) from attempt a where a.stage_run_id = r.id and a.state = 'succeeded')`,
  );
  await none(
    "stage runs without their one point",
    `select from stage_run r where kind = 'train' and 1 <> (select count(*) from frontier_point p where p.stage_run_id = r.id)`,
  );
  await none("attempts that never ended", "select from attempt where state in ('queued', 'running', 'stopping')");
  await none(
    "attempts that were born before the one before had ended",
    `select from attempt a join attempt before on before.stage_run_id = a.stage_run_id and before.number = a.number - 1
     where a.queued_at < before.ended_at`,
  );
  await none(
    "attempts that share an epoch",
    "select from attempt where epoch is not null group by stage_run_id, epoch having count(*) > 1",
  );
  const weights = await sql<{ seed: number; sha256: string }>(
    `select r.seed, a.sha256 from stage_run r join stage_run_artifact a on a.stage_run_id = r.id
     where a.role = 'weights' and r.dataset_version = repeat('0', 64)`,
  );
  const others = weights.filter(({ seed, sha256 }) => sha256 !== sha256Of(seed));
  if (others.length > 0) faults.push(`${others.length} artifacts with other bytes`);
  return faults;
}

/** What the events of an attempt tell is its whole life, without a step too many or too few, in the order in which readers have them. */
const life = /^queued (running (stopping )?(succeeded|failed|lost|preempted|cancelled)|cancelled|superseded)$/;

async function faultsOfEvents(sql: Ask): Promise<string[]> {
  const lives = await sql<{ id: string; state: string; told: string | null }>(
    `select a.id, a.state, e.told from attempt a left join (
       select attempt_id, string_agg(data ->> 'state', ' ' order by xid, id) as told
       from event where type = 'attempt.changed' group by attempt_id) e on e.attempt_id = a.id`,
  );
  const wrong = lives.filter(({ state, told }) => !told || !life.test(told) || !told.endsWith(state));
  if (wrong.length === 0) return [];
  return [`${wrong.length} attempts whose events do not tell their life, the first "${wrong[0]?.told}"`];
}

/** Whether a reader of the event stream has had each event once, in order. */
export async function faultsOfStream(sql: Ask, cursors: readonly string[]): Promise<string[]> {
  const all = await sql<{ cursor: string }>("select xid::text || '.' || id as cursor from event order by xid, id");
  const first = all.findIndex(({ cursor }, index) => cursor !== cursors[index]);
  if (first === -1 && cursors.length === all.length) return [];
  return [`a reader had ${cursors.length} of ${all.length} events; the first that differs is number ${first}`];
}
