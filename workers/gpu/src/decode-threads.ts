/**
 * Threads that decode the images of a streamed data set, at most; undefined for `auto`, which is two a core.
 * @throws Error naming the variable and the flag
 */
export function decodeThreadsOf(text: string | undefined): number | undefined {
  if (!text || text === "auto") return undefined;
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1) return threads;
  throw new Error(
    `RELUCTANT_DECODE_THREADS is "${text}"; it must be "auto" or a whole number, at least 1 (as a flag: --decode-threads)`,
  );
}
