/** What the operating system refuses, in words: who reads them knows files and addresses, not the names of errors. */
const meanings: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "that is not permitted",
  EROFS: "the file system is read-only",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "that is a folder; a file is wanted",
  EEXIST: "that exists already",
  ENOSPC: "the disk is full; make room and run it again",
  EDQUOT: "the disk quota is used up; make room and run it again",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine",
  ENAMETOOLONG: "that name is too long",
  ELOOP: "its symbolic links lead in a circle",
  EADDRINUSE: "the address is in use by another program; give another port or stop that program",
  EADDRNOTAVAIL: "this machine does not have that address",
  ECONNREFUSED: "nothing listens there; start it, or give the address where it runs",
  ECONNRESET: "the other side closed the connection",
  EHOSTUNREACH: "that host cannot be reached",
  ENETUNREACH: "that network cannot be reached",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the host's name cannot be looked up now",
  ETIMEDOUT: "nobody answered in time",
  UND_ERR_SOCKET: "the other side closed the connection",
  UND_ERR_BODY_TIMEOUT: "the other side fell silent",
};

/**
 * One line about a refusal of the operating system, naming the file or address; null for an error of another kind.
 * @param named what was asked for, where the error itself may not know
 */
export function systemMessage(error: unknown, named?: string): string | null {
  if (!(error instanceof Error)) return null;
  // Several addresses of one host, each refused: the last is as good as any.
  const single = error instanceof AggregateError ? error.errors.at(-1) : error;
  const { code, path, address, port, hostname, syscall, cause } = single as SystemError;
  if (!code || !meanings[code]) return cause ? systemMessage(cause, named) : null;
  const where = named ?? path ?? (address && port ? `${address}:${port}` : (address ?? hostname ?? syscall));
  return where ? `${where}: ${meanings[code]}` : meanings[code];
}

interface SystemError extends NodeJS.ErrnoException {
  address?: string;
  port?: number;
  hostname?: string;
}
