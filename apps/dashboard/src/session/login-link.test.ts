import { describe, expect, test } from "vitest";
import { linkIn } from "./login-link.ts";

describe("login links", () => {
  test("are found in an address or alone, and nothing else passes for one", () => {
    const link = "abcDEF-123_456.789~0z";
    expect(linkIn(`http://127.0.0.1:7700/#login=${link}`)).toBe(link);
    expect(linkIn(`  ${link}\n`)).toBe(link);
    for (const wrong of ["", "short", "http://127.0.0.1:7700/", `${link} ${link}`, `${link}<script>`])
      expect(linkIn(wrong)).toBeNull();
  });
});
