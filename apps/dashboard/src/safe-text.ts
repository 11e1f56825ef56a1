/**
 * Text that others wrote (names, reasons, what a device or a data set is called) is shown, never obeyed: a character that
 * turns the direction of writing would let a name rewrite the line it stands in.
 */

import { controlCharacters, escapeCharacter } from "@reluctant/contracts";

/** Control characters in the text of JSON, where C0 is always escaped; `\n`, `\r` and `\t` have escapes of their own. */
const controlsInJson = /\\u00[01]|[\x7f-\x9f\p{Bidi_Control}\u2028\u2029]/u;

/** Shows each by its number, as the command does: `\x1b`, `\u202e`. Ends of lines and tabs stay. */
export const escapeText = (text: string): string =>
  text.replace(controlCharacters, (character) => (/[\n\t]/.test(character) ? character : escapeCharacter(character)));

/** The same value with every text in it shown. */
export function escapeTexts<T>(value: T): T;
export function escapeTexts(value: unknown): unknown {
  if (typeof value === "string") return escapeText(value);
  if (Array.isArray(value)) return value.map((each: unknown) => escapeTexts(each));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [escapeText(key), escapeTexts(each)]));
}

/** Every answer in JSON goes through here. One without such characters, which is nearly all, is not parsed twice. */
export const fetchEscaped: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (!/\bjson\b/.test(response.headers.get("content-type") ?? "")) return response;
  const text = await response.text();
  const body = controlsInJson.test(text) ? JSON.stringify(escapeTexts(JSON.parse(text))) : text;
  return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
};
