import type { Region } from "@reluctant/relu";

/** What of an image becomes a square. */
export interface View {
  /** What is scaled. */
  readonly box: Region;
  /** The whole pixels that the filter may see at the edges of the box. */
  readonly seen: Region;
}

/** Of a JPEG decoded at one `denominator`th of its size, in pixels of that. */
export interface ScaledView extends View {
  readonly denominator: 1 | 2 | 4 | 8;
}

type Size = Pick<Region, "height" | "width">;

/** A crop that is taken first and scaled then: nothing outside it is seen. */
export const croppedFirst = (crop: Region): View => ({ box: crop, seen: crop });

/** A crop of an image that is scaled first. */
export const scaledFirst = (box: Region, { height, width }: Size): View => ({
  box,
  seen: { top: 0, left: 0, height, width },
});

/** The view in the smallest decoding that still has `size` pixels each way in the box: JPEGs are halved as they are decoded. */
export function atScale({ box, seen }: View, image: Size, size: number): ScaledView {
  const denominator = ([8, 4, 2] as const).find((d) => Math.min(box.height, box.width) >= d * size) ?? 1;
  return {
    denominator,
    box: divided(box, denominator),
    seen: covering(divided(seen, denominator), image, denominator),
  };
}

const divided = ({ top, left, height, width }: Region, by: number): Region => ({
  top: top / by,
  left: left / by,
  height: height / by,
  width: width / by,
});

/** The whole pixels that a part lies in. */
function covering({ top, left, height, width }: Region, image: Size, denominator: number): Region {
  const [firstRow, firstColumn] = [Math.floor(top), Math.floor(left)];
  const endRow = Math.min(Math.ceil(image.height / denominator), Math.ceil(top + height));
  const endColumn = Math.min(Math.ceil(image.width / denominator), Math.ceil(left + width));
  return { top: firstRow, left: firstColumn, height: endRow - firstRow, width: endColumn - firstColumn };
}
