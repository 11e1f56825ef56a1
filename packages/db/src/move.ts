import type { Tx } from "./database.ts";
import { statement } from "./statement.ts";

/**
 * The statement `prisma/sql/<name>.sql` that moves one row to another state and answers it; `$1` is the row. It says itself
 * from which states.
 * @throws Error when the row was in another state: whoever moves a row has locked it, and has to look first
 */
export function move<Parameters extends readonly unknown[]>(name: string) {
  const run = statement<[id: string, ...Parameters], { id: string }>(name);
  return async (t: Pick<Tx, "$queryRawUnsafe">, id: string, ...values: Parameters): Promise<void> => {
    const [moved] = await run(t, id, ...values);
    if (!moved) throw new Error(`${name}: ${id} is in no state that may be left so`);
  };
}
