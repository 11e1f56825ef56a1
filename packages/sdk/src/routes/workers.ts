import { type Worker, workerSchema } from "@reluctant/contracts";
import { type Http, path } from "../http.ts";

export const workerRoutes = (http: Http) => ({
  /** Takes a worker out of service: it gets no more work, and what it runs goes on. Admins only. */
  drainWorker: (name: string, { reason }: { reason?: string | undefined } = {}): Promise<Worker> =>
    http.post(workerSchema, path`/workers/${name}/drain`, { json: { reason } }),
  /** Puts a drained worker back into service. Admins only. */
  undrainWorker: (name: string): Promise<Worker> => http.post(workerSchema, path`/workers/${name}/undrain`),
});
