/** What a benchmark reports: one line of its table. */
export interface Row {
  case: string;
  value: number;
  unit: string;
}
