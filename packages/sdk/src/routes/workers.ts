import { type Worker, workerSchema } from "@reluctant/contracts";
import { type Http, path } from "../http.ts";

export const workerRoutes = (http: Http) => ({
  /** Takes a worker out of service: it gets no more work, and what it runs goes on. Admins only. */
  drainWorker: (name: string, { reason }: { reason?: string | undefined } = {}): Promise<Worker> =>
    http.post(workerSchema, path`/workers/${name}/drain`, { json: { reason } }),
  /** Gives a worker no work for so many seconds, or until it is released. Admins only. */
  quarantineWorker: (
    name: string,
    { reason, seconds }: { reason?: string | undefined; seconds?: number | undefined } = {},
  ): Promise<Worker> => http.post(workerSchema, path`/workers/${name}/quarantine`, { json: { reason, seconds } }),
  /** Ends a quarantine; what failed there before counts no more. Admins only. */
  releaseWorker: (name: string): Promise<Worker> => http.post(workerSchema, path`/workers/${name}/release`),
  /** Puts a drained worker back into service. Admins only. */
  undrainWorker: (name: string): Promise<Worker> => http.post(workerSchema, path`/workers/${name}/undrain`),
});
