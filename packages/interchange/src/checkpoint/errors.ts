/** A checkpoint that is damaged, hostile, or holds what we do not read; the message names the part and what to do. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

/** A file's own words in a message of ours: one line, of a length that a terminal shows. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > mostQuoted ? `${text.slice(0, mostQuoted)}…` : text);

const mostQuoted = 120;
