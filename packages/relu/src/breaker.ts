import type { Failure } from "@reluctant/contracts";

/** How one of an experiment's stage runs ended: with this failure, or null when it succeeded. */
export type Outcome = Pick<Failure, "code" | "message"> | null;

/** Stage runs in a row that fail alike before their experiment is stopped. */
export const alikeInARow = 3;

/**
 * Whether an experiment is stopped, and why: the same failure again and again, with no success between. Isolated
 * failures of a large sweep, such as a seed that diverges, do not add up.
 * @param latest outcomes of the experiment's stage runs of one implementation, newest first
 * @returns the reason, or null to go on
 */
export function circuitBreakReason(latest: readonly Outcome[]): string | null {
  const [newest] = latest;
  if (!newest || latest.length < alikeInARow) return null;
  const alike = latest.slice(0, alikeInARow).every((outcome) => outcome && sameFailure(outcome, newest));
  return alike ? `stopped after ${alikeInARow} stage runs in a row failed alike: ${newest.message}` : null;
}

const sameFailure = (a: NonNullable<Outcome>, b: NonNullable<Outcome>): boolean =>
  a.code === b.code && gist(a.message) === gist(b.message);

/** A message's first line without what differs from run to run: identifiers, hashes, numbers. */
function gist(message: string): string {
  const [line = ""] = message.split("\n", 1);
  return line
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}/gi, "#")
    .replace(/\d+(\.\d+)?(e[+-]?\d+)?/gi, "#");
}
