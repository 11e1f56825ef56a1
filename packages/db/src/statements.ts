import type { Writable } from "node:stream";
import pg from "pg";
import { WrongRowCount } from "./errors.ts";
import { isDirect } from "./pool.ts";
import type { PostgresType } from "./postgres-types.ts";
import type { Fields, Statement, ValuesOf } from "./statement.ts";

/** Runs statements: in a transaction, or on the pool, where each is a transaction of its own. */
export interface Statements {
  /** The row. @throws WrongRowCount unless there is exactly one */
  one<Takes extends Fields, Gives extends Fields>(
    statement: Statement<Takes, Gives>,
    values: ValuesOf<Takes>,
  ): Promise<ValuesOf<Gives>>;
  /** The row, or null when there is none. @throws WrongRowCount when there are more */
  maybe<Takes extends Fields, Gives extends Fields>(
    statement: Statement<Takes, Gives>,
    values: ValuesOf<Takes>,
  ): Promise<ValuesOf<Gives> | null>;
  /** All rows, in the statement's order. */
  many<Takes extends Fields, Gives extends Fields>(
    statement: Statement<Takes, Gives>,
    values: ValuesOf<Takes>,
  ): Promise<ValuesOf<Gives>[]>;
  /** For a statement that answers no rows. */
  run<Takes extends Fields>(statement: Statement<Takes, null>, values: ValuesOf<Takes>): Promise<void>;
}

export type Run = <Row>(
  statement: Statement<Fields, Fields | null>,
  values: Readonly<Record<string, unknown>>,
) => Promise<Row[]>;

export function statementsBy(run: Run): Statements {
  return {
    many: run,
    async one(statement, values) {
      const rows = await run<ValuesOf<typeof statement.gives>>(statement, values);
      const [row] = rows;
      if (row === undefined || rows.length > 1) throw new WrongRowCount(statement.name, "one row", rows.length);
      return row;
    },
    async maybe(statement, values) {
      const rows = await run<ValuesOf<typeof statement.gives>>(statement, values);
      if (rows.length > 1) throw new WrongRowCount(statement.name, "at most one row", rows.length);
      return rows[0] ?? null;
    },
    async run(statement, values) {
      await run(statement, values);
    },
  };
}

/**
 * The one place where a statement meets the driver. Postgres keeps it prepared by its name where the session is ours: to
 * plan one takes longer than to run it.
 */
export async function query<Row>(
  client: pg.ClientBase,
  { name, text, parameters, takes }: Statement<Fields, Fields | null>,
  values: Readonly<Record<string, unknown>>,
): Promise<Row[]> {
  const bound = parameters.map((parameter) => (takes[parameter] as PostgresType<unknown>).encode(values[parameter]));
  const prepared = isDirect(client) && name !== "" ? name : undefined;
  gatherWrites(client);
  const { rows } = await client.query({ name: prepared, text, values: bound, types });
  return rows as Row[];
}

/** What is begun in one turn of the event loop is written in one piece: each write costs a call and wakes Postgres. */
export function gatherWrites(client: pg.ClientBase): void {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

const int8 = pg.types.builtins.INT8;
const int8Array = 1016;

/** Values as the driver reads them, but integers of 64 bits whole. */
const types = {
  getTypeParser(type: number): (value: string) => unknown {
    if (type === int8) return BigInt;
    const parse = pg.types.getTypeParser(type as never) as (value: string) => unknown;
    return type === int8Array ? (list) => (parse(list) as string[]).map(BigInt) : parse;
  },
} as pg.CustomTypesConfig;
