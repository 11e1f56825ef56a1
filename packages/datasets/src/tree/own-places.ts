import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { unfollowed } from "./file-tree.ts";

export const leadsOut = "a link that leads out of the data folder";

/** Where links of a data set may lead: to what lies in its folder, and in the data folder that holds it. */
export class OwnPlaces {
  readonly #root: string;
  #known: Promise<readonly string[]> | undefined;
  /** Folders as they are called, and where they really lie: files are many in each. */
  readonly #folders = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** @param target without links in it */
  async hold(target: string): Promise<boolean> {
    this.#known ??= Promise.all([realpath(this.#root), realpath(dirname(resolve(this.#root)))]);
    return (await this.#known).some((place) => target.startsWith(place + sep));
  }

  /**
   * Holds a file or folder to them.
   * @throws DatasetError where a link on the way to it, or it itself, leads out; what the system says where nothing is there
   */
  async require(path: string): Promise<void> {
    if (!(await this.hold(await this.#targetOf(path)))) throw unfollowed(path, leadsOut);
  }

  async #targetOf(path: string): Promise<string> {
    if ((await lstat(path)).isSymbolicLink()) return realpath(path);
    const folder = dirname(path);
    const real = this.#folders.get(folder) ?? (await realpath(folder));
    this.#folders.set(folder, real);
    return join(real, basename(path));
  }
}
