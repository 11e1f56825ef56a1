/**
 * Text for people. Whatever comes from the API was named or written by somebody else: it is text, never instructions to a
 * terminal, so only the styles below, which are ours, become escape sequences, in `print.ts`.
 */
import type { styleText } from "node:util";
import { controlCharacters, escapeCharacter } from "@reluctant/contracts";

export type Style = Extract<Parameters<typeof styleText>[0], string>;

export interface Span {
  readonly text: string;
  readonly style?: Style | null | undefined;
}
export type Text = string | readonly Span[];

const styled =
  (style: Style) =>
  (text: string): Span[] => [{ text, style }];

export const bold = styled("bold");
export const dim = styled("dim");
export const red = styled("red");
export const green = styled("green");
export const yellow = styled("yellow");
export const cyan = styled("cyan");

const spansOf = (text: Text): readonly Span[] => (typeof text === "string" ? [{ text }] : text);

/** A template of one line: what is put into it stays on that line, with its styles where it has some. */
export const line = (fixed: TemplateStringsArray, ...values: readonly (Text | number)[]): Span[] =>
  fixed.flatMap((own, i) => {
    const value = values[i];
    if (value === undefined) return [{ text: own }];
    const given = typeof value === "number" ? [{ text: String(value) }] : spansOf(value);
    return [{ text: own }, ...given.map(({ text, style }) => ({ text: singleLine(text), style }))];
  });

/** Texts with something between them: a line's end unless told otherwise. */
export const joined = (parts: readonly Text[], between = "\n"): Span[] =>
  parts.flatMap((part, i) => [...(i === 0 ? [] : [{ text: between }]), ...spansOf(part)]);

/** The first characters of a line. */
export function truncate(text: Text, width: number): Span[] {
  let left = width;
  return spansOf(text).map(({ text: own, style }) => {
    const kept = singleLine(own).slice(0, Math.max(0, left));
    left -= kept.length;
    return { text: kept, style };
  });
}

/** Text of one line: every character that acts is shown by its number, `\x1b` or `\u202e`. */
export const singleLine = (text: string): string => text.replace(controlCharacters, escaped);

/**
 * Text of several lines: ends of lines and tabs stay. A carriage return ends a line too: on a terminal what follows would
 * overwrite what was there.
 */
export const multiLine = (text: string): string =>
  text
    .replace(/\r\n?/g, "\n")
    .replace(controlCharacters, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));

const names: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const escaped = (character: string): string => names[character] ?? escapeCharacter(character);

/** JSON leaves DEL, C1 and the directions of writing as they are; escaped it is the same value, and safe to print. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(
    controlCharacters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
