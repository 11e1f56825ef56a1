import { expect, it } from "vitest";
import { waitingText } from "./reporter.ts";

it("says in the log when reading images, not computing, limits a training", () => {
  expect(waitingText(0.004)).toBe("waiting 0.4 %");
  expect(waitingText(0.25)).toBe("waiting 25.0 %, so reading images is what limits it");
});
