import sharp from "sharp";
import { expect, test } from "vitest";
import { first, type Plan, TallyCount } from "../layouts/layout.ts";
import { sheetOf, withNames } from "../sheet.ts";
import { contactSheet } from "./sheet.ts";

/** 2,000 images of one gray each, class after class, as the stream of an archive gives them: of a class one after the other. */
const sorted: Plan = {
  leftOut: [],
  async count() {
    const tally = new TallyCount();
    for (const label of ["a", "b"]) for (let i = 0; i < 1_000; i++) tally.add("train", label);
    return { classes: tally.classes, share: 1 };
  },
  async *samples() {
    for (const label of ["a", "b"])
      for (let i = 0; i < 1_000; i++)
        yield { name: `train/${label}/${i}`, file: `${label}/${i}.png`, bytes: Uint8Array.of(label === "a" ? 50 : 90) };
  },
  some: (count) => first(sorted.samples(), count),
  decode: async ({ bytes }) => ({ data: new Uint8Array(8 * 8 * 3).fill(bytes[0] as number), shape: [8, 8, 3] }),
};

test("each class has its row, also where an archive has thousands of one class before the next", async () => {
  const { png, classes } = await contactSheet(sorted);
  expect(classes).toEqual(["a", "b"]);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (row: number, column: number) =>
    data[((4 + row * 68 + 32) * info.width + 164 + column * 68 + 32) * info.channels];
  expect([at(0, 0), at(0, 11), at(1, 0), at(1, 11)]).toEqual([50, 50, 90, 90]);
});

test("the names stand before their rows, in any script, and long ones stay in their row", async () => {
  const sheet = await sheetOf([[], []]);
  const { data, info } = await sharp(await withNames(sheet, ["<b> & 蘋果", "a name of many words ".repeat(9)]))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([980, 140]);
  const dark = (top: number, bottom: number) =>
    data.subarray(top * info.width, bottom * info.width).some((value) => value < 100);
  expect([dark(0, 4), dark(4, 68), dark(68, 72), dark(72, 136), dark(136, 140)]).toEqual([
    false,
    true,
    false,
    true,
    false,
  ]);
});
