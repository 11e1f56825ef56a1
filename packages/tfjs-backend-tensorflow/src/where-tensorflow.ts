/** For this package's tests only. */
import { registerTensorflowBackend, TensorflowUnavailableError } from "./load.ts";

/** Why the backend cannot be tested here, or undefined. */
const unavailable = await registerTensorflowBackend({ threads: 1 }).then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof TensorflowUnavailableError) return error.message;
    throw error;
  },
);

/** Options of tests that need it: skipped where it is not, which a report of the run has in their meta data. */
export const whereTensorflow = unavailable ? { skip: true, meta: { skipped: unavailable } } : {};
