import pg from "pg";

export interface TimeLimits {
  /**
   * Postgres ends a statement after so long, also one whose caller has gone. No statement of ours takes a second; one that
   * takes 15 waits for a lock that nobody will give back.
   */
  statementTimeoutMs: number;
  /**
   * Postgres ends a session whose transaction is open and asks for nothing, and so gives back its locks. Of a process that
   * lives nobody waits so long; one that is frozen or cut off may hold the row of its attempt. Below the 15 s of a lease, so
   * that the lock is gone by the time its lease is judged.
   */
  idleInTransactionTimeoutMs: number;
  /** How long a query waits for a connection: for a new one, or for one of a full pool to be free. */
  connectionTimeoutMs: number;
}

/**
 * A pool whose connections send what is asked without waiting for the answer before. Works behind PgBouncer in transaction
 * mode, where one statement and the next may meet different sessions of Postgres: see `isDirect`. (The limits are no
 * start-up parameters, which PgBouncer refuses.)
 */
export function openPool(
  connectionString: string,
  max: number,
  { statementTimeoutMs, connectionTimeoutMs, idleInTransactionTimeoutMs }: TimeLimits,
): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    pipeline: true,
    connectionTimeoutMillis: connectionTimeoutMs,
    idleTimeoutMillis: 30_000,
    query_timeout: statementTimeoutMs + 1_000, // the driver's own, where Postgres has stopped to answer
    onConnect: (client) => greet(client, statementTimeoutMs, idleInTransactionTimeoutMs), // the pool waits for it
  });
  const alreadyTold = () => {}; // whoever asked has the error; an idle connection is replaced
  pool.on("error", alreadyTold);
  pool.on("connect", (client) => void client.on("error", alreadyTold));
  return pool;
}

const direct = new WeakSet<pg.ClientBase>();

/**
 * Whether no pooler stands between: the process that Postgres introduced itself as is the one that answers. A session is
 * then ours alone, keeps what was set, and can keep statements prepared.
 */
export const isDirect = (client: pg.ClientBase): boolean => direct.has(client);

async function greet(client: pg.ClientBase, statementMs: number, idleMs: number): Promise<void> {
  const { rows } = await client.query<{ pid: number }>(
    "select pg_backend_pid() as pid, set_config('statement_timeout', $1, false)",
    [statementMs],
  );
  if (rows[0]?.pid !== (client as unknown as { processID: number }).processID) return;
  await client.query("select set_config('idle_in_transaction_session_timeout', $1, false)", [idleMs]);
  direct.add(client);
}
