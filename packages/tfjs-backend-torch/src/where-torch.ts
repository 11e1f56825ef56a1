/** For this package's tests only. */
import { whyUnavailable } from "./testing.ts";

/** Why the torch backend cannot be tested here, or undefined. */
export const unavailable = await whyUnavailable();

/** Options of tests that are skipped where there is a reason, which a report of the run then has in their meta data. */
export const skipFor = (reason: string | undefined) => (reason ? { skip: true, meta: { skipped: reason } } : {});

/** Options of tests that need the backend. */
export const whereTorch = skipFor(unavailable);
