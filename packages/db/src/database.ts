import { setTimeout as pause } from "node:timers/promises";
import { isRetryable } from "./errors.ts";
import { type Prisma, PrismaClient } from "./generated/client.ts";
import { LeakFreePgAdapter } from "./leak-free-adapter.ts";
import { type Statements, statementsOn } from "./statements.ts";

/** A transaction. */
export interface Tx extends Statements {
  readonly prisma: Prisma.TransactionClient;
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

export interface DatabaseOptions {
  /** Most connections of this process. The default suits one server process; 500 workers need a pooler between. */
  poolSize?: number;
  /**
   * Postgres ends a statement after so long, also one whose caller has gone. No statement of ours takes a second; one that
   * takes 15 waits for a lock that nobody will give back.
   */
  statementTimeoutMs?: number;
  /**
   * Postgres ends a session whose transaction is open and asks for nothing, and so gives back its locks. Of a process that
   * lives nobody waits so long; one that is frozen or cut off may hold the row of its attempt. Below the 15 s of a lease, so
   * that the lock is gone by the time its lease is judged.
   */
  idleInTransactionTimeoutMs?: number;
  /** How long a query waits for a connection: for a new one, or for one of a full pool to be free. */
  connectionTimeoutMs?: number;
}

const transactionTimeoutMs = 60_000;
const maxRetries = 5;

/**
 * Opens a pool on `url` (`postgresql://…`); connects at the first query. Works behind PgBouncer in transaction mode: no
 * named prepared statements, and the timeout set inside each transaction as well as once a connection, for the reads
 * outside of one. (Not as a start-up parameter, which PgBouncer refuses.)
 */
export function openDatabase(
  url: string,
  {
    poolSize = 10,
    statementTimeoutMs = 15_000,
    idleInTransactionTimeoutMs = 12_000,
    connectionTimeoutMs = 5_000,
  }: DatabaseOptions = {},
): Database {
  const adapter = new LeakFreePgAdapter({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: connectionTimeoutMs,
    idleTimeoutMillis: 30_000,
    query_timeout: statementTimeoutMs + 1_000, // the driver's own, where Postgres has stopped to answer
    onConnect: (client) => client.query(`set statement_timeout = ${statementTimeoutMs}`), // the pool waits for it
  });
  const prisma = new PrismaClient({ adapter });
  const transaction = <T>(work: (t: Tx) => Promise<T>): Promise<T> =>
    prisma.$transaction(
      async (t) => {
        await t.$queryRaw`
          select set_config('statement_timeout', ${String(statementTimeoutMs)}, true),
            set_config('idle_in_transaction_session_timeout', ${String(idleInTransactionTimeoutMs)}, true)`;
        return work({ prisma: t, ...statementsOn(t) });
      },
      { maxWait: 10_000, timeout: transactionTimeoutMs },
    );
  return {
    prisma,
    ...statementsOn(prisma),
    async tx(work) {
      for (let retry = 0; ; retry++) {
        try {
          return await transaction(work);
        } catch (error) {
          if (retry >= maxRetries || !isRetryable(error)) throw error;
          await pause(Math.random() * 10 * 2 ** retry); // apart, or they would collide again
        }
      }
    },
    close: () => prisma.$disconnect(),
  };
}
