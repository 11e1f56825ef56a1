import type { Row } from "../rows.ts";

export interface Case {
  name: string;
  /** Whether a quick run has it. */
  quick: boolean;
  run: () => Row[] | Promise<Row[]>;
}
