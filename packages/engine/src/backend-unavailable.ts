/** The backend asked for cannot run on this machine. */
export class BackendUnavailableError extends Error {
  override name = "BackendUnavailableError";
}
