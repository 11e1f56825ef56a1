import type { BackendName } from "@reluctant/contracts";
import type { Engine } from "@reluctant/stages";
import { BackendUnavailableError } from "../backend-unavailable.ts";
import { createEngine } from "../engine.ts";

/** An engine on that backend, or why there is none on this machine. */
export const engineOrReason = (
  backend: BackendName,
): Promise<{ engine: Engine; reason: null } | { engine: null; reason: string }> =>
  createEngine({ backend, threads: 1, precision: "fp32" }).then(
    (engine) => ({ engine, reason: null }),
    (error: unknown) => {
      if (error instanceof BackendUnavailableError) return { engine: null, reason: error.message };
      throw error;
    },
  );
