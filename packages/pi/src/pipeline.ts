/** Hands results on in the order in which they were begun, and lets at most `depth` of them be under way. */
export class Pipeline<T> {
  readonly #depth: number;
  readonly #handOn: (result: T) => void | Promise<void>;
  readonly #underWay: Promise<T>[] = [];

  constructor(depth: number, handOn: (result: T) => void | Promise<void>) {
    this.#depth = depth;
    this.#handOn = handOn;
  }

  /** Takes one that was begun; ends when another may begin. */
  async add(result: T | Promise<T>): Promise<void> {
    const begun = Promise.resolve(result);
    begun.catch(() => undefined); // whoever hands it on is told
    this.#underWay.push(begun);
    while (this.#underWay.length >= this.#depth) await this.#next();
  }

  /** Ends when all have been handed on. */
  async drain(): Promise<void> {
    while (this.#underWay.length > 0) await this.#next();
  }

  async #next(): Promise<void> {
    await this.#handOn(await (this.#underWay.shift() as Promise<T>));
  }
}
