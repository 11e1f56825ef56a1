/** A series of points by rising step. */
export interface Curve {
  steps: number[];
  values: number[];
}

/**
 * At most `most` (3 or more) points of a curve that looks the same: the lowest and the highest of each stretch, so that no spike is
 * lost, and the last. One that has no more stays as it is.
 */
export function thinCurve({ steps, values }: Curve, most: number): Curve {
  if (steps.length <= most) return { steps, values };
  const stretches = Math.floor((most - 1) / 2);
  const places = new Set<number>();
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * steps.length) / stretches);
    const to = Math.floor(((stretch + 1) * steps.length) / stretches);
    for (const place of extremesOf(values, from, to)) places.add(place);
  }
  const kept = [...places.add(steps.length - 1)];
  return { steps: kept.map((place) => steps[place] as number), values: kept.map((place) => values[place] as number) };
}

/** Places of the lowest and the highest value, in their order. */
function extremesOf(values: number[], from: number, to: number): number[] {
  let low = from;
  let high = from;
  for (let place = from; place < to; place++) {
    if ((values[place] as number) < (values[low] as number)) low = place;
    if ((values[place] as number) > (values[high] as number)) high = place;
  }
  return low < high ? [low, high] : [high, low];
}
