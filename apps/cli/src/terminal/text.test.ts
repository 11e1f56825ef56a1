import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rendered } from "./print.ts";
import { joined, jsonText, line, multiLine, red, singleLine, truncate } from "./text.ts";

const acting = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;
/** Any text, with what acts on a terminal in it more often than chance has it. */
const anyText = fc
  .array(
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\u001b[31m", "\r", "\r\n", "\u009b", "\u202e", "\u007f")),
  )
  .map((parts) => parts.join(""));

describe("text on its way to a terminal", () => {
  it("holds nothing that acts, in one line, and but for ends of lines and tabs in many", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(singleLine(text)).not.toMatch(acting);
        expect(multiLine(text).replace(/[\n\t]/g, "")).not.toMatch(acting);
        expect(rendered(line`a ${text} b`, { isTTY: false })).not.toMatch(acting);
        expect(rendered(text, { isTTY: true }).replace(/[\n\t]/g, "")).not.toMatch(acting);
      }),
    );
  });

  it.each([
    ["\u001b]52;c;YQ==\u0007", "\\x1b]52;c;YQ==\\x07", "\\x1b]52;c;YQ==\\x07"],
    ["10 %\r20 %\r\ndone\n", "10 %\\r20 %\\r\\ndone\\n", "10 %\n20 %\ndone\n"],
    ["a\tb", "a\\tb", "a\tb"],
    ["\u009b2J\u0085\u007f", "\\x9b2J\\x85\\x7f", "\\x9b2J\\x85\\x7f"],
    ["\u202eexe.\u2066txt\u2028", "\\u202eexe.\\u2066txt\\u2028", "\\u202eexe.\\u2066txt\\u2028"],
    ["grün 八 👩‍🔬", "grün 八 👩‍🔬", "grün 八 👩‍🔬"],
  ])("writes %j as it is read", (text, one, many) => {
    expect([singleLine(text), multiLine(text)]).toEqual([one, many]);
  });

  it("has our styles where there are colors, and never another's", () => {
    const text = joined([line`${red("error:")} ${"\u001b[32mfine"}`, "next"]);
    expect(rendered(text, { isTTY: true })).toBe("\u001b[31merror:\u001b[39m \\x1b[32mfine\nnext");
    expect(rendered(text, { isTTY: false })).toBe("error: \\x1b[32mfine\nnext");
  });

  it("is cut by what is seen, so that a style always ends", () => {
    expect(rendered(truncate(line`ab${red("cdef")}`, 4), { isTTY: true })).toBe("ab\u001b[31mcd\u001b[39m");
    expect(rendered(truncate(line`ab${red("cdef")}`, 2), { isTTY: true })).toBe("ab");
  });

  it("is the same value as JSON, with nothing in it that acts", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(jsonText({ [text]: text })).not.toMatch(acting);
        expect(JSON.parse(jsonText({ [text]: text }))).toEqual(JSON.parse(JSON.stringify({ [text]: text })));
      }),
    );
  });

  it("goes through this folder alone: no other file of the command writes to a stream", () => {
    const sources = join(import.meta.dirname, "..");
    const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.startsWith("terminal/"),
    );
    const writes = (file: string) =>
      /console\.|std(out|err)\s*\.write|\bout\.write/.test(readFileSync(join(sources, file), "utf8"));
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter(writes)).toEqual([]);
  });
});
