import { WrongRowCount } from "./errors.ts";
import type { Prisma } from "./generated/client.ts";
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

type Client = Pick<Prisma.TransactionClient, "$queryRawUnsafe">;

export function statementsOn(client: Client): Statements {
  const many: Statements["many"] = (statement, values) => query(client, statement, values);
  return {
    many,
    async one(statement, values) {
      const rows = await many(statement, values);
      const [row] = rows;
      if (row === undefined || rows.length > 1) throw new WrongRowCount(statement.name, "one row", rows.length);
      return row;
    },
    async maybe(statement, values) {
      const rows = await many(statement, values);
      if (rows.length > 1) throw new WrongRowCount(statement.name, "at most one row", rows.length);
      return rows[0] ?? null;
    },
    async run(statement, values) {
      await query(client, statement, values);
    },
  };
}

/** The one place where a statement meets the driver. */
function query<Row>(
  client: Client,
  { text, parameters, takes }: Statement<Fields, Fields | null>,
  values: Readonly<Record<string, unknown>>,
): Promise<Row[]> {
  const bound = parameters.map((name) => (takes[name] as PostgresType<unknown>).encode(values[name]));
  return client.$queryRawUnsafe<Row[]>(text, ...bound);
}
