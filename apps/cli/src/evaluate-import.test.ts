import { expect, it } from "vitest";
import { accuracyText } from "./evaluate-import.ts";
import { rendered } from "./terminal/print.ts";

const text = (validationAccuracy: number, stated: number | null, classes: number) =>
  rendered(accuracyText({ validationAccuracy, testAccuracy: 0.5 }, { stated, classes }), { isTTY: false });

it("an import is told beside what its file says of itself", () => {
  expect(text(0.931, 0.93, 10)).toBe("here it reaches validation 93.1 %, test 50.0 %; the file says 93.0 %");
  expect(text(0.931, null, 10)).toContain("the file says nothing of its accuracy");
});

it.each([
  [0.12, 10],
  [0.53, 2],
  [0.02, 100],
])("an accuracy of %d in %i classes is doubted", (accuracy, classes) => {
  expect(text(accuracy, null, classes)).toMatch(
    /^the file says nothing of its accuracy; here it reaches validation .* wrong normalization or variant\?$/,
  );
});

it.each([
  [0.3, 10],
  [0.7, 2],
  [0.2, 100],
])("an accuracy of %d in %i classes is not", (accuracy, classes) => {
  expect(text(accuracy, null, classes)).not.toContain("wrong");
});
