/** Where a stack keeps what can be made again: decoded data sets, artifacts, built add-ons. */
import { access, constants, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import { homeCache } from "@reluctant/machine";

export interface CachePlaces {
  readonly env: NodeJS.ProcessEnv;
  /** The stack's folder. */
  readonly dir: string;
  /** The checkout. */
  readonly root: string;
}

/**
 * RELUCTANT_CACHE, else the home's `.cache/reluctant`, which all stacks of a user share. Containers run as users without a
 * home that can be written: then `var/cache` of the checkout, where the set-up has built too, else `cache` in the stack's folder.
 * @throws ReluctantError that names RELUCTANT_CACHE where nothing can be written
 */
export async function stackCache({ env, dir, root }: CachePlaces): Promise<string> {
  if (env.RELUCTANT_CACHE) {
    const given = resolve(env.RELUCTANT_CACHE);
    const problem = await whyUnusable(given);
    if (problem === null) return given;
    const message = `RELUCTANT_CACHE is ${given}, which cannot be written (${problem}): name a folder that can`;
    throw new ReluctantError("unavailable", message);
  }
  const places = [homeCache(env) ?? [], join(root, "var/cache"), resolve(dir, "cache")].flat();
  for (const place of places) if ((await whyUnusable(place)) === null) return place;
  const message = `none of ${places.join(", ")} can be written: set RELUCTANT_CACHE to a folder that can`;
  throw new ReluctantError("unavailable", message);
}

/** The cache that a worker with this environment uses; null where it can write none, which the worker says itself. */
export async function workerCache(env: NodeJS.ProcessEnv): Promise<string | null> {
  const place = env.RELUCTANT_CACHE ? resolve(env.RELUCTANT_CACHE) : homeCache(env);
  return place !== null && (await whyUnusable(place)) === null ? place : null;
}

/** The error's name, or null for a folder that is there now and can be written. */
async function whyUnusable(folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
