import type { Figure } from "../rows.ts";

/** A figure, when it was taken, and how much else the machine did: its load average over the minute before, of all it ran. */
export interface Kept extends Figure {
  date: string;
  load: number;
}
