import { expect, it } from "vitest";
import { baseTransfers } from "./base-ot.ts";
import { labelWords, randomDelta } from "./labels.ts";
import { randomSeed, randomWords } from "./random.ts";
import { kernelsHere } from "./test-levels.ts";
import { threadedKernels } from "./threaded-kernels.ts";
import { transferKeys } from "./transfer-hash.ts";

const all = await kernelsHere();

const delta = randomDelta();
const pairs = Array.from({ length: baseTransfers }, () => [randomSeed(), randomSeed()] as const);
const chosen = pairs.map((pair, i) => pair[((delta[i >> 5] as number) >>> (i & 31)) & 1 ? 1 : 0]);

/** Batches of so many groups of as many words. */
const batches = [1, 3, 2, 5, 1].map((groups, chunk) => ({
  choices: randomWords(groups * (chunk + 1)),
  keys: transferKeys({ nonce: randomSeed(), layer: 1, chunk, sender: "server" }, groups),
}));

/** Several batches at once, as each end gives them. */
async function strings(kernels: (typeof all)[number]) {
  const [receiver, sender] = [kernels.randomReceiver(pairs), kernels.randomSender(delta, chosen)];
  const received = await Promise.all(batches.map(({ choices, keys }) => receiver.extend(choices, keys)));
  const sent = await Promise.all(
    batches.map(({ keys }, i) => sender.extend(received[i]?.corrections.slice() as Int32Array, keys)),
  );
  return { received, sent };
}

const exact = await strings(all[0] as (typeof all)[number]);

it("random transfers give the sender two strings and the receiver the one of its bit", () => {
  for (const [i, { choices }] of batches.entries()) {
    const [{ zeros, ones }, { strings }] = [exact.sent[i], exact.received[i]] as [
      (typeof exact.sent)[number],
      (typeof exact.received)[number],
    ];
    const due = strings.map((_, word) => {
      const transfer = Math.floor(word / labelWords);
      return (((choices[transfer >> 5] as number) >>> (transfer & 31)) & 1 ? ones : zeros)[word] as number;
    });
    expect(strings).toEqual(due);
    expect(zeros).not.toEqual(ones);
  }
});

it.each(all)("random transfers are the same at level $level, in one thread and in two", async (kernels) => {
  expect(await strings(kernels)).toEqual(exact);
  const pool = threadedKernels(kernels, 2);
  expect(await strings(pool)).toEqual(exact);
  await pool.close();
});
