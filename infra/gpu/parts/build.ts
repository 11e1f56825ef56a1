import { ensureBuilt, registerTorchBackend, supportedPrecisions, torchInfo } from "@reluctant/tfjs-backend-torch";
import { trainingOps } from "@reluctant/training-ops";
import type { Found } from "./part.ts";

/** Builds the addon and the library of the training operations, and loads the addon. */
export async function build(): Promise<Found> {
  const start = performance.now();
  const extensions = [trainingOps];
  const built = await ensureBuilt({ extensions });
  if ("missing" in built) return { ok: false, error: built.missing };
  const buildSeconds = (performance.now() - start) / 1000;
  await registerTorchBackend({ extensions });
  const { version, device, totalBytes } = torchInfo();
  return { ok: true, buildSeconds, version, device, totalBytes, precisions: supportedPrecisions() };
}
