import { InvalidArgumentError } from "commander";

/**
 * Reads the value of an option that counts something.
 * @throws InvalidArgumentError to which commander adds the option's name; the process then ends with 2
 */
export const wholeNumber =
  ({ min, max }: { min: number; max: number }) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It is to be a whole number from ${min} to ${max}.`);
  };

/** More on one machine is a slip of the finger: each holds a core or a GPU of its own. */
export const workerCounts = { min: 1, max: 256 };
