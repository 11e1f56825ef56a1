import { PrismaPg } from "@prisma/adapter-pg";
import { Debug as clientDebug } from "@prisma/client/runtime/client";
import {
  Debug as adapterDebug,
  type SqlQuery,
  type SqlQueryable,
  type Transaction,
} from "@prisma/driver-adapter-utils";

/**
 * Prisma 7.10 and its adapter each keep the arguments of their last 100 debug calls, printed or not, and with them the
 * values of the last statements: 50 raw statements with 4 MB of bytes each held 427 MB of heap. (The plan cache holds
 * none: raw statements bypass it, and other plans have placeholders.) This adapter lets go of large ones.
 */
export class LeakFreePgAdapter extends PrismaPg {
  override async connect(): ReturnType<PrismaPg["connect"]> {
    const adapter = leakFree(await super.connect());
    const begin = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (level): Promise<Transaction> => leakFree(await begin(level));
    return adapter;
  }
}

function leakFree<Queryable extends SqlQueryable>(queryable: Queryable): Queryable {
  const { queryRaw, executeRaw } = queryable;
  queryable.queryRaw = (query) => queryRaw.call(queryable, query).finally(() => release(query));
  queryable.executeRaw = (query) => executeRaw.call(queryable, query).finally(() => release(query));
  return queryable;
}

const keptCalls = 100;
const histories = [clientDebug("reluctant:db"), adapterDebug("reluctant:db")];

/** Pushes a large statement out of both histories with calls that say nothing, in 0.1 ms. */
function release({ args }: SqlQuery): void {
  if (!args.some(isLarge)) return;
  for (const debug of histories) for (let call = 0; call < keptCalls; call++) debug("");
}

/** A hundred smaller ones are 10 MB. */
const largeBytes = 100_000;
const leastBytesOfElement = 8;

function isLarge(value: unknown): boolean {
  if (typeof value === "string") return value.length > largeBytes;
  if (value instanceof Uint8Array) return value.byteLength > largeBytes;
  return Array.isArray(value) && value.length > largeBytes / leastBytesOfElement;
}
