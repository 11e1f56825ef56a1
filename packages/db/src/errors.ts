/** What a failed query means for the caller: run it again, wait, correct a value, or find the row that was there first. */

/** A statement answered another number of rows than its caller can use: a bug, or a row that is not there. */
export class WrongRowCount extends Error {
  readonly statement: string;
  readonly found: number;

  constructor(statement: string, expected: "one row" | "at most one row", found: number) {
    super(`statement ${statement} must answer ${expected}, and answered ${found}`);
    this.name = "WrongRowCount";
    this.statement = statement;
    this.found = found;
  }
}

/** Postgres' code (SQLSTATE) or the driver's, wherever Prisma has put it in the chain of causes. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    const { code, originalCode, kind, cause, meta, driverAdapterError, errors } = value as Record<string, unknown>;
    for (const name of [code, originalCode, kind]) if (typeof name === "string") codes.push(name);
    for (const inner of [cause, meta, driverAdapterError]) visit(inner);
    if (Array.isArray(errors)) errors.forEach(visit);
  };
  visit(error);
  return codes;
}

const hasCode =
  (...known: string[]) =>
  (error: unknown): boolean =>
    codesOf(error).some((code) => known.includes(code));

/** Serialization failure or deadlock: the transaction left no trace and may run again. */
export const isRetryable = hasCode("40001", "40P01", "P2034", "TransactionWriteConflict");

/** All that Postgres says in a transaction of which a statement failed before. */
export const isAborted = hasCode("25P02");

/** A row with this unique key is there already. */
export const isUniqueViolation = hasCode("23505", "P2002", "UniqueConstraintViolation");

/** Another row refers to this one, or the one referred to is gone. */
export const isForeignKeyViolation = hasCode("23503", "23001", "P2003", "ForeignKeyConstraintViolation");

/**
 * A value that Postgres cannot read or hold (SQLSTATE class 22): a text with the character NUL, a date that is none, a
 * number too large for its column.
 */
export const isDataError = (error: unknown): boolean =>
  codesOf(error).some((code) => /^22[0-9A-Z]{3}$/.test(code) || dataErrorCodes.has(code));

/** Names of Prisma and its adapter, which stand in place of some codes. */
const dataErrorCodes = new Set([
  "P2000",
  "P2007",
  "P2020",
  "P2033",
  "LengthMismatch",
  "ValueOutOfRange",
  "InvalidInputValue",
]);

const messageMatches =
  (pattern: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Error && pattern.test(error.message);

/**
 * Every connection of the pool was in use for too long. Only that wait of `pg` has these words; a connection that cannot be
 * made has others.
 */
export const isPoolFull = messageMatches(
  /timeout exceeded when trying to connect|Unable to start a transaction in the given time/,
);

const timeoutCodes = hasCode(
  "57014", // statement_timeout
  "55P03", // lock_timeout
);
const timeoutMessages = messageMatches(/Query read timeout|expired transaction/);

/** Postgres is there, and did not end a statement or transaction in its time: most likely it waits for a lock. */
export const isTimedOut = (error: unknown): boolean => timeoutCodes(error) || timeoutMessages(error);

const connectionCodes = hasCode(
  "P1001", // cannot reach
  "P1002", // reached, timed out
  "P1008", // operation timed out
  "P1017", // server closed the connection
  "P2024", // no connection from the pool in time
  "P2028", // transaction could not start, or its connection is gone
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT", // the unix socket is gone
  "EPIPE",
  "ETIMEDOUT",
  "25P03", // idle in a transaction for too long: this process was frozen, or cut off
  "08000",
  "08003",
  "08006",
  "53300", // too many connections
  "57P01", // shutting down
  "57P02",
  "57P03", // starting up
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
  "TooManyConnections",
);

/** Messages of `pg` that carry no code. */
const connectionMessages = messageMatches(/Connection terminated|Client has encountered a connection error/);

/** A file's error has codes of the same names, and no socket's error has a path. */
const isFileError = (error: unknown): boolean => error instanceof Error && "syscall" in error && "path" in error;

/** Postgres is out of reach, busy or not ready: the same command may succeed later. */
export const isUnavailable = (error: unknown): boolean =>
  !isFileError(error) &&
  (connectionCodes(error) || connectionMessages(error) || isPoolFull(error) || isTimedOut(error));
