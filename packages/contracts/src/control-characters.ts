/**
 * What acts where text that others wrote is shown: C0, DEL, C1, what turns the direction of writing, and ends of lines that
 * only some programs see. `labelSchema` refuses the same.
 */
export const controlCharacters = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** A character by its number, as it can be shown: `\x1b`, `\u202e`. */
export function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
