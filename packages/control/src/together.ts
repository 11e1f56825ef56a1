import { setTimeout as delay, setImmediate as turnEnds } from "node:timers/promises";
import { isTimedOut, isUnavailable } from "@reluctant/db";

/** Most that one batch takes: as many as the slots of a large machine. */
const most = 64;

type Work<Item, Answer> = (items: Item[]) => Promise<(Answer | Promise<Answer>)[]>;

/**
 * A batch that takes longer does not hold up the next: its connection may be dead, and to wait for the driver to say so would cost
 * every slot its lease.
 */
const patienceMs = 1_000;

interface Asked<Item, Answer> {
  item: Item;
  resolve(answer: Answer | Promise<Answer>): void;
  reject(error: unknown): void;
}

/**
 * Has `work` do together what is asked one by one at the same moment: what is begun in one turn of the event loop goes at once, and
 * while it is on its way the next batch collects; nothing waits for a timer. Two of one key are never in one batch.
 *
 * `work` answers in the order of its items, with a promise for what takes longer. Where it fails, each item is tried once alone, so
 * that one costs the others nothing; not where Postgres is away, which each would find.
 */
export function together<Item, Answer>(
  work: Work<Item, Answer>,
  keyOf: (item: Item) => string,
): (item: Item) => Promise<Answer> {
  let waiting: Asked<Item, Answer>[] = [];
  let serving = false;

  const nextBatch = (): Asked<Item, Answer>[] => {
    const batch = new Map<string, Asked<Item, Answer>>();
    const later: Asked<Item, Answer>[] = [];
    for (const asked of waiting) {
      const key = keyOf(asked.item);
      if (batch.size < most && !batch.has(key)) batch.set(key, asked);
      else later.push(asked);
    }
    waiting = later;
    return [...batch.values()];
  };

  const serve = async () => {
    serving = true;
    while (waiting.length > 0) {
      await turnEnds();
      await atMost(patienceMs, settle(work, nextBatch()));
    }
    serving = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!serving) void serve();
    });
}

/** Never rejects. */
async function settle<Item, Answer>(work: Work<Item, Answer>, batch: Asked<Item, Answer>[]): Promise<void> {
  try {
    const answers = await work(batch.map(({ item }) => item));
    for (const [place, { resolve }] of batch.entries()) resolve(answers[place] as Answer | Promise<Answer>);
  } catch (error) {
    const isAway = isUnavailable(error) && !isTimedOut(error);
    if (batch.length === 1 || isAway) for (const { reject } of batch) reject(error);
    else for (const asked of batch) void settle(work, [asked]); // the next batch does not wait for them
  }
}

async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = delay(ms, undefined, { signal: over.signal, ref: false }).catch(() => {});
  await Promise.race([promise, late]);
  over.abort();
}
