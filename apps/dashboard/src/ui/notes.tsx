import { ApiError, UnreachableError } from "@reluctant/sdk";
import type { ReactNode } from "react";

export const Empty = ({ title, children }: { title: string; children?: ReactNode }) => (
  <section className="note">
    <h2>{title}</h2>
    {children}
  </section>
);

/** What went wrong and what to do about it. */
export const Failure = ({ error, onRetry }: { error: Error; onRetry?: () => void }) => (
  <section className="note failure" role="alert">
    <h2>{error instanceof ApiError ? error.problem.title : "This could not be loaded"}</h2>
    <p>{error.message}</p>
    <p className="muted">{advice(error)}</p>
    {onRetry && (
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    )}
  </section>
);

function advice(error: Error): ReactNode {
  if (error instanceof UnreachableError)
    return (
      <>
        The page tries again by itself. If it stays so, start the API with <code>npm start</code>.
      </>
    );
  if (!(error instanceof ApiError))
    return "Reload the page when the API runs; if it stays so, the dashboard and the API have different versions.";
  if (error.status === 404)
    return "It may have been removed, or belong to another team. Look for it in the list of experiments.";
  return error.status >= 500
    ? "Try again in a moment; the API's log says more."
    : "Change what the message names, then try again.";
}

/** Grey bars where `lines` rows will be. */
export const Skeleton = ({ lines = 6 }: { lines?: number }) => (
  <div className="skeleton" role="status" aria-label="Loading">
    {Array.from({ length: lines }, (_, i) => `line ${i}`).map((line) => (
      <i key={line} />
    ))}
  </div>
);
