import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ReluctantError } from "@reluctant/contracts";

/** A GPU, or the part of one that MIG makes: what one slot computes on. */
export interface Gpu {
  /** As CUDA_VISIBLE_DEVICES takes it: `GPU-…` or `MIG-…`. */
  readonly uuid: string;
  /** What screens call it: `gpu0`, `gpu0-mig1`. */
  readonly name: string;
  /** `NVIDIA H200`, `NVIDIA H200 1g.18gb` */
  readonly model: string;
}

/**
 * The GPUs that `nvidia-smi -L` lists; of one that MIG divides its parts, since the whole then computes nothing.
 * @param visible CUDA_VISIBLE_DEVICES, which leaves out the others: places or beginnings of UUIDs, up to one that is not there
 */
export function visibleGpus(listing: string, visible: string | undefined): Gpu[] {
  const found: (Gpu & { place: string; whole: string })[] = [];
  let gpu = { place: "", model: "", uuid: "" };
  for (const line of listing.split("\n")) {
    const [, place = "", model = "", uuid = ""] = /^GPU (\d+): (.+) \(UUID: (GPU-[\w-]+)\)/.exec(line) ?? [];
    if (uuid) {
      gpu = { place, model, uuid };
      found.push({ uuid, name: `gpu${place}`, model, place, whole: uuid });
    }
    const [, profile = "", device = "", part = ""] =
      /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    if (!part) continue;
    if (found.at(-1)?.uuid === gpu.uuid) found.pop();
    found.push({
      uuid: part,
      name: `gpu${gpu.place}-mig${device}`,
      model: `${gpu.model} ${profile}`,
      place: gpu.place,
      whole: gpu.uuid,
    });
  }
  if (visible === undefined) return found.map(gpuOf);
  const chosen: typeof found = [];
  for (const id of visible.split(",").map((part) => part.trim())) {
    const named = found.filter(
      ({ uuid, whole, place }) => id !== "" && (place === id || uuid.startsWith(id) || whole.startsWith(id)),
    );
    if (named.length === 0) break; // as CUDA does it: what comes behind an unknown one is not seen
    chosen.push(...named.filter((one) => !chosen.includes(one)));
  }
  return chosen.map(gpuOf);
}

const gpuOf = ({ uuid, name, model }: Gpu): Gpu => ({ uuid, name, model });

/** Asks the driver. @throws ReluctantError where there is none, or no GPU is visible */
export async function findGpus(env: NodeJS.ProcessEnv): Promise<Gpu[]> {
  const { stdout } = await promisify(execFile)("nvidia-smi", ["-L"], { env }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "there is no nvidia-smi on PATH" : `nvidia-smi -L: ${error.message.trim()}`;
    throw new ReluctantError(
      "unavailable",
      `--all-gpus asks NVIDIA's driver for the GPUs, and ${why}; leave it out for one slot`,
    );
  });
  const gpus = visibleGpus(stdout, env.CUDA_VISIBLE_DEVICES || undefined);
  if (gpus.length > 0) return gpus;
  const hidden = env.CUDA_VISIBLE_DEVICES
    ? `, of those that CUDA_VISIBLE_DEVICES=${env.CUDA_VISIBLE_DEVICES} shows`
    : "";
  throw new ReluctantError("unavailable", `--all-gpus: nvidia-smi lists no GPU${hidden}`);
}

/** A slot of a worker: what screens call it, and the variables that stand in place of the environment's. */
export interface WorkerSlot {
  readonly name: string;
  readonly variables: { readonly [name: string]: string };
}

/** A slot for each GPU, which alone it sees, with a name of its own and, unless the environment says another, its share of the cores. */
export function slotsOf(
  gpus: readonly Gpu[],
  { env, host, cores }: { env: NodeJS.ProcessEnv; host: string; cores: number },
): WorkerSlot[] {
  const threads = threadsOf(env, cores / gpus.length);
  return gpus.map((gpu) => {
    const name = `${env.RELUCTANT_WORKER_NAME || host}-${gpu.name}`;
    const variables = { RELUCTANT_WORKER_NAME: name, RELUCTANT_THREADS: threads, CUDA_VISIBLE_DEVICES: gpu.uuid };
    return { name, variables };
  });
}

/** So many slots of a machine's cores, with names of their own and, unless the environment says another, an equal share. */
export function sharesOf({
  workers,
  env,
  host,
  cores,
}: {
  workers: number;
  env: NodeJS.ProcessEnv;
  host: string;
  cores: number;
}): WorkerSlot[] {
  const threads = threadsOf(env, cores / workers);
  return Array.from({ length: workers }, (_, place) => {
    const name = `${env.RELUCTANT_WORKER_NAME || host}-${place + 1}`;
    return { name, variables: { RELUCTANT_WORKER_NAME: name, RELUCTANT_THREADS: threads } };
  });
}

const threadsOf = (env: NodeJS.ProcessEnv, share: number): string =>
  env.RELUCTANT_THREADS || String(Math.max(1, Math.floor(share)));
