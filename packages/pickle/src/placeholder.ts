/** A class or function by its name alone: it is never looked up, imported or called. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Stands for an object of a class, or a call's result, that we give no meaning: inert, it holds what the pickle would have
 * made it of.
 */
export class Placeholder {
  /** Of the class or function, as `module.name`. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** What `__setstate__` would have been given; null without. */
  state: unknown = null;
  /** What would have been appended. */
  readonly items: unknown[] = [];
  /** What would have been set by key. */
  readonly entries = new Map<unknown, unknown>();

  constructor(name: string, args: readonly unknown[]) {
    this.name = name;
    this.args = args;
  }

  build(state: unknown): void {
    this.state = state;
  }
}
