/** What is wrong with a data set, where (file, and byte offset for archives), and what to do about it. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
  readonly problem: string;
  readonly file: string;
  /** Byte offset in the uncompressed archive; absent for plain files. */
  readonly offset: number | undefined;

  constructor(problem: string, at: { file: string; offset?: number | undefined; cause?: unknown }) {
    super(`${at.file}${at.offset === undefined ? "" : ` at byte ${at.offset}`}: ${problem}`, { cause: at.cause });
    this.problem = problem;
    this.file = at.file;
    this.offset = at.offset;
  }
}

/** What an unknown error says, to quote it in ours. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
