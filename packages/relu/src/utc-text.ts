/** A time within a sentence: `2026-11-29 04:52:41 UTC`. */
export const utcText = (at: string): string => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
