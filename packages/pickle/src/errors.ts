/** Bytes that are damaged, hostile, or hold what is not read; the message names the part and what to do. */
export class MalformedError extends Error {
  override readonly name: string = "MalformedError";
}

/** A file's own words in a message of ours: one line, of a length that a terminal shows. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > mostQuoted ? `${text.slice(0, mostQuoted)}…` : text);

const mostQuoted = 120;
