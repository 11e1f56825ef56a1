import { ensureBuilt, registerTorchBackend, supportedPrecisions, torchInfo } from "@reluctant/tfjs-backend-torch";
import type { Found } from "./part.ts";

/** Builds the addon and loads it. */
export async function build(): Promise<Found> {
  const start = performance.now();
  const built = await ensureBuilt();
  if ("missing" in built) return { ok: false, error: built.missing };
  const buildSeconds = (performance.now() - start) / 1000;
  await registerTorchBackend();
  const { version, device, totalBytes } = torchInfo();
  return { ok: true, buildSeconds, version, device, totalBytes, precisions: supportedPrecisions() };
}
