import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { isAborted, isRetryable } from "./errors.ts";
import { PrismaClient } from "./generated/client.ts";
import { LeakFreePgAdapter } from "./leak-free-adapter.ts";
import { isDirect, openPool, type TimeLimits } from "./pool.ts";
import type { Fields, Statement, ValuesOf } from "./statement.ts";
import { gatherWrites, query, type Run, type Statements, statementsBy } from "./statements.ts";

/** A transaction. Statements that are begun together, as by `Promise.all`, travel together and run in this order. */
export interface Tx extends Statements {
  /**
   * Begins a statement for whose answer nobody need wait: it travels with what is begun next, at the latest with the commit. Where it
   * fails, so does the transaction. The promise is kept when it is over, either way.
   */
  send<Takes extends Fields>(statement: Statement<Takes, Fields | null>, values: ValuesOf<Takes>): Promise<void>;
}

/** Statements and models outside a transaction: for reads, and for writes of one statement. */
export interface Database extends Statements {
  readonly prisma: PrismaClient;
  /**
   * Runs `work` in one READ COMMITTED transaction. A deadlock or serialization failure runs it again from the start, so
   * it must have no effects outside the database.
   */
  tx<T>(work: (t: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions extends Partial<TimeLimits> {
  /** Most connections of this process. The default suits one server process; 500 workers need a pooler between. */
  poolSize?: number;
}

const maxRetries = 5;

/** Opens a pool on `url` (`postgresql://…`), which models and statements share; connects at the first query. */
export function openDatabase(
  url: string,
  {
    poolSize = 10,
    statementTimeoutMs = 15_000,
    idleInTransactionTimeoutMs = 12_000,
    connectionTimeoutMs = 5_000,
  }: DatabaseOptions = {},
): Database {
  const limits = { statementTimeoutMs, idleInTransactionTimeoutMs, connectionTimeoutMs };
  const pool = openPool(url, poolSize, limits);
  const prisma = new PrismaClient({ adapter: new LeakFreePgAdapter(pool) });
  return {
    prisma,
    ...statementsBy((statement, values) =>
      untilNoneCollides(async () => {
        const client = await pool.connect();
        try {
          return await query(client, statement, values);
        } finally {
          client.release();
        }
      }),
    ),
    tx: (work) => untilNoneCollides(async () => transaction(await pool.connect(), limits, work)),
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** What met a deadlock or a serialization failure left no trace, and may run again. */
async function untilNoneCollides<T>(work: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await work();
    } catch (error) {
      if (retry >= maxRetries || !isRetryable(error)) throw error;
      await pause(Math.random() * 10 * 2 ** retry); // apart, or they would collide again
    }
  }
}

async function transaction<T>(client: pg.PoolClient, limits: TimeLimits, work: (t: Tx) => Promise<T>): Promise<T> {
  let over = false;
  let broken = false;
  let failure: { cause: unknown } | undefined; // of what was sent: all that Postgres says after it is that the transaction is aborted
  let first: { cause: unknown } | undefined; // of all: whoever is told first need not be the one that failed first
  const noted = <T>(asked: Promise<T>): Promise<T> => {
    asked.catch((cause: unknown) => {
      first ??= { cause };
    });
    return asked;
  };
  const run: Run = (statement, values) =>
    over ? Promise.reject(new Error("the transaction is over")) : noted(query(client, statement, values));
  const send: Tx["send"] = (statement, values) =>
    run(statement, values).then(
      () => {},
      (cause: unknown) => {
        failure ??= { cause };
      },
    );
  try {
    const begun = begin(client, limits);
    begun.catch(() => {}); // told below, or by the first statement, which has the same connection
    const answer = await work({ ...statementsBy(run), send });
    over = true;
    await Promise.all([begun, client.query("commit")]); // which rolls back, and says nothing, after a failure
    if (failure) throw failure.cause;
    return answer;
  } catch (error) {
    over = true;
    const cause = failure ? failure.cause : first && isAborted(error) ? first.cause : error;
    await client.query("rollback").catch(() => (broken = true));
    throw cause;
  } finally {
    client.release(broken);
  }
}

/** Travels with the first statement. Behind a pooler the session may be one that does not know our limits. */
async function begin(client: pg.PoolClient, limits: TimeLimits): Promise<unknown> {
  gatherWrites(client);
  const begun = client.query("begin");
  if (isDirect(client)) return begun;
  const limited = client.query({
    text: "select set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true)",
    values: [limits.statementTimeoutMs, limits.idleInTransactionTimeoutMs],
  });
  return Promise.all([begun, limited]);
}
