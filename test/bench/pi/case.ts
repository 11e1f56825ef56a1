import type { Figure } from "../rows.ts";

export interface Case {
  name: string;
  /** Whether a quick run has it. */
  quick: boolean;
  run: () => Figure[] | Promise<Figure[]>;
}
