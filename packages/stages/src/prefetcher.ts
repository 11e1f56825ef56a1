/** Makes numbered things before they are asked for, at most `depth` beyond the last one asked for. */
export class Prefetcher<T> {
  private readonly make: (number: number) => Promise<T>;
  private readonly bounds: { depth: number; end: number };
  private readonly made = new Map<number, Promise<T>>();

  /** @param bounds nothing is made from number `end` on */
  constructor(make: (number: number) => Promise<T>, bounds: { depth: number; end: number }) {
    this.make = make;
    this.bounds = bounds;
  }

  /** Each once, below the end. @throws what making it threw */
  take(number: number): Promise<T> {
    const { depth, end } = this.bounds;
    for (let next = number; next <= number + depth && next < end; next++) {
      if (this.made.has(next)) continue;
      const making = this.make(next);
      making.catch(() => {}); // thrown when it is taken, if ever
      this.made.set(next, making);
    }
    const taken = this.made.get(number) as Promise<T>;
    this.made.delete(number);
    return taken;
  }
}
