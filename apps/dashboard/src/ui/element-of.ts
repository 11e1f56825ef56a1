import type { RefObject } from "react";

/** The element of a ref, for effects: they run once React has put it there. */
export function elementOf<T>({ current }: RefObject<T | null>): T {
  if (current === null) throw new Error("a ref was read without its element on the page");
  return current;
}
