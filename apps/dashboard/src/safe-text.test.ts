import { expect, test } from "vitest";
import { escapeText, escapeTexts } from "./safe-text.ts";

test("characters that act are shown by their number, and others stay", () => {
  expect(escapeText("a\u001b]52;c;x\u0007b\u009b31m\u007f")).toBe("a\\x1b]52;c;x\\x07b\\x9b31m\\x7f");
  expect(escapeText("gpu-1\u202Egnp.exe \u2066x\u2069 \u200f\u061c")).toBe(
    "gpu-1\\u202egnp.exe \\u2066x\\u2069 \\u200f\\u061c",
  );
  expect(escapeText("two\nlines\tand שלום, Ärger, 学习")).toBe("two\nlines\tand שלום, Ärger, 学习");
  expect(escapeTexts({ name: "\u202Ex", list: [{ reason: "\u0000" }], n: 1, none: null })).toEqual({
    name: "\\u202ex",
    list: [{ reason: "\\x00" }],
    n: 1,
    none: null,
  });
});
