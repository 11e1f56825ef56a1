import { wholeNumber } from "./whole-number.ts";

/** Reads a seed that an option names. */
export const seed = wholeNumber({ min: 0, max: 2 ** 31 - 1 });
