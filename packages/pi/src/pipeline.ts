/**
 * Hands each result on as soon as it and all that were begun before it have ended, whether or not another is added; lets at
 * most `depth` of them be under way.
 */
export class Pipeline<T> {
  readonly #depth: number;
  readonly #handOn: (result: T) => void | Promise<void>;
  /** In the order of their beginning; one that failed stays, and fails whoever awaits it. */
  readonly #underWay: Promise<void>[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(depth: number, handOn: (result: T) => void | Promise<void>) {
    this.#depth = depth;
    this.#handOn = handOn;
  }

  /** Takes one that was begun; ends when another may begin. */
  async add(result: T | Promise<T>): Promise<void> {
    const begun = Promise.resolve(result);
    this.#last = this.#handOnAfter(this.#last, begun);
    for (const promise of [begun, this.#last]) promise.catch(() => undefined); // whoever awaits the pipeline is told
    this.#underWay.push(this.#last);
    while (this.#underWay.length >= this.#depth) await this.#underWay[0];
  }

  /** Ends when all have been handed on. */
  async drain(): Promise<void> {
    await this.#last;
  }

  async #handOnAfter(earlier: Promise<void>, begun: Promise<T>): Promise<void> {
    await earlier;
    await this.#handOn(await begun);
    this.#underWay.shift();
  }
}
