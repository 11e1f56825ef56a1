/**
 * What can be named, by name: a table without a prototype, so that a name which a user wrote finds what stands here or
 * nothing. In a plain object `constructor` and `__proto__` would be found, too. Look up users' names in nothing else.
 */
export const catalog = <T extends object>(entries: T): Readonly<T> =>
  Object.freeze(Object.assign(Object.create(null) as object, entries) as T);
