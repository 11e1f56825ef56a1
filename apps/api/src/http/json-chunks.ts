import { setImmediate as othersTurn } from "node:timers/promises";

/** Lists up to this long are written in one go, with an ETag: longer than any page. */
const maxBufferedItems = 200;
/** Some 0.2 ms of writing. */
const chunkLength = 65_536;

/** Whether an answer is so long that writing it in one go could hold up others: a plan of 10,000 trials has 8 MB. */
export const isLongList = (answer: unknown): answer is object =>
  typeof answer === "object" &&
  answer !== null &&
  Object.values(answer).some((field) => Array.isArray(field) && field.length > maxBufferedItems);

/** What `JSON.stringify` gives for an object of plain values, in pieces between which others get their turn. */
export async function* jsonChunks(answer: object): AsyncGenerator<string> {
  let chunk = "";
  for (const text of texts(answer)) {
    chunk += text;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = "";
    await othersTurn(); // a fast reader's socket never makes the stream wait
  }
  yield chunk;
}

function* texts(answer: object): Generator<string> {
  const fields = Object.entries(answer).filter(([, field]) => field !== undefined);
  for (const [index, [name, field]] of fields.entries()) {
    yield `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`;
    if (Array.isArray(field)) yield* items(field);
    else yield JSON.stringify(field);
  }
  yield fields.length === 0 ? "{}" : "}";
}

function* items(list: readonly unknown[]): Generator<string> {
  yield "[";
  for (const [index, item] of list.entries()) yield (index === 0 ? "" : ",") + JSON.stringify(item);
  yield "]";
}
