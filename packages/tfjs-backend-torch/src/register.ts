/** From nothing to a registered backend: builds what is not built yet, loads it, tells TensorFlow.js. */
import { registerBackend, registerGradient } from "@tensorflow/tfjs-core";
import { Torch } from "./aten.ts";
import { TorchBackend } from "./backend.ts";
import { type Bridge, loadBridge } from "./bridge.ts";
import { type BuildOptions, type Built, ensureBuilt } from "./build.ts";
import { copy } from "./exclusive.ts";
import type { Extension } from "./extension.ts";
import { families } from "./kernels/index.ts";
import { registerKernels } from "./register-kernels.ts";

/** The torch backend cannot run on this machine; the message says what to install. */
export class TorchUnavailableError extends Error {
  override name = "TorchUnavailableError";
}

export interface TorchOptions extends BuildOptions {
  /** Kernels beside TensorFlow.js' own. Default: none. */
  extensions?: readonly Extension[];
}

const priority = 3; // above wasm (2) and cpu (1)

/** The backend's, once it is registered. */
let torch: Torch | undefined;
const extended = new Set<Extension>();
let last: Promise<void> = Promise.resolve();

/**
 * Registers the backend "torch" with its extensions, building what is not built yet. What an earlier call has registered
 * stays as it is, so that a further one only adds extensions.
 * @throws TorchUnavailableError when libtorch or a build tool is missing, or the build or the load fails
 */
export function registerTorchBackend(options: TorchOptions = {}): Promise<void> {
  const registered = last.then(() => register(options));
  last = registered.catch(() => undefined);
  return registered;
}

async function register({ cacheFolder, extensions = [] }: TorchOptions): Promise<void> {
  const added = [...new Set(extensions)].filter((extension) => !extended.has(extension));
  if (torch && added.length === 0) return;
  const { addonPath, libraryPaths } = await built({ cacheFolder, extensions: added });
  torch ??= open(addonPath);
  for (const [i, extension] of added.entries()) extend(torch, extension, libraryPaths[i] as string);
}

async function built(options: BuildOptions): Promise<Built> {
  const result = await ensureBuilt(options).catch(unavailable);
  if ("missing" in result) throw new TorchUnavailableError(result.missing);
  return result;
}

function open(addonPath: string): Torch {
  const bridge = openBridge(addonPath);
  bridge.setDeterministic(false);
  if (bridge.info().device === "cuda") bridge.setTF32(false);
  const backend = new TorchBackend(bridge);
  const torch = new Torch(backend);
  for (const kernels of [...families, copy]) registerKernels(torch, kernels);
  registerBackend("torch", () => backend, priority);
  return torch;
}

function openBridge(addonPath: string): Bridge {
  try {
    return loadBridge(addonPath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "INVALID_CPU_LEVEL") throw error; // a mistake, not another machine
    return unavailable(error as Error);
  }
}

function extend(torch: Torch, extension: Extension, libraryPath: string): void {
  const { bridge } = torch.backend;
  if (extension.devices.includes(bridge.info().device)) {
    try {
      bridge.load(libraryPath);
    } catch (error) {
      unavailable(error as Error);
    }
    for (const kernels of extension.kernels) registerKernels(torch, kernels);
    for (const gradient of extension.gradients) registerGradient(gradient);
  }
  extended.add(extension);
}

function unavailable(cause: Error): never {
  throw new TorchUnavailableError(cause.message, { cause });
}
