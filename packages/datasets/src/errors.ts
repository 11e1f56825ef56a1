/** What is wrong with a data set, where (file, and byte offset for archives), and what to do about it. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
  readonly problem: string;
  readonly file: string;
  /** Byte offset in the uncompressed archive; absent for plain files. */
  readonly offset: number | undefined;
  /** What to do, as a person is told. */
  readonly fix: string;

  constructor(problem: string, at: Location & { fix: string; cause?: unknown }) {
    super(`${written(at)}: ${problem}; ${at.fix}`, { cause: at.cause });
    this.problem = problem;
    this.file = at.file;
    this.offset = at.offset;
    this.fix = at.fix;
  }

  /** Where and what, without the advice. */
  get reason(): string {
    return `${written(this)}: ${this.problem}`;
  }
}

/** A folder or file that holds no data set of a layout that is known. */
export class UnknownLayout extends DatasetError {}

interface Location {
  file: string;
  offset?: number | undefined;
}

const written = ({ file, offset }: Location): string => `${file}${offset === undefined ? "" : ` at byte ${offset}`}`;

/** What an unknown error says, to quote it in ours. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Bytes that are not those that the data set's version was made of. */
export const contentChanged = ({ file, offset }: Location): DatasetError =>
  new DatasetError("the content changed since the data set was registered", { file, offset, fix: "register it again" });

/**
 * What the system said when a file was to be read or written, in words and with a way out.
 * @param ifMissing what to do where the file is not there
 */
export function unreadable(file: string, cause: unknown, ifMissing: string): DatasetError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  const known = Object.hasOwn(systemErrors, code) ? systemErrors[code] : undefined;
  const [problem, fix] = known ?? [`cannot be read (${reason(cause)})`, "restore it"];
  return new DatasetError(problem, { file, fix: code === "ENOENT" ? ifMissing : fix, cause });
}

/** Whether it is the system's word on a file, not on what lies in it. */
export const isSystemError = (error: unknown): boolean =>
  Object.hasOwn(systemErrors, (error as NodeJS.ErrnoException | undefined)?.code ?? "");

const me = () => (process.getuid ? `user ${process.getuid()}` : "this user");

const systemErrors: Readonly<Record<string, readonly [problem: string, fix: string]>> = {
  ENOENT: ["is missing", ""],
  ENOTDIR: ["is not a folder", "put the folder in its place"],
  EISDIR: ["is a folder", "put the file in its place"],
  EACCES: ["may not be read or written here", `let ${me()} read it (chmod, chown); what is prepared must be writable`],
  EPERM: ["may not be read or written here", `let ${me()} read it (chmod, chown); what is prepared must be writable`],
  ELOOP: ["is a link that leads in a circle", "put the file itself in its place"],
  EIO: ["cannot be read: the disk fails", "restore it from a copy"],
  ESTALE: ["is gone from the file server", "mount the folder again"],
  ENOSPC: ["cannot be written: the disk is full", "make room, or name another folder with RELUCTANT_CACHE"],
  EROFS: ["cannot be written: the disk is read-only", "name another folder with RELUCTANT_CACHE"],
  EMFILE: ["cannot be read: too many files are open", "raise the limit (ulimit -n)"],
  ENAMETOOLONG: ["has too long a name", "rename it"],
};
