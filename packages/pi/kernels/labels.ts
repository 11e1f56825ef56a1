/** The loops of `src/label-kernels.ts`, a label a vector. */

export function xor(out: usize, a: usize, b: usize, units: u32): void {
  for (let i: usize = 0; i < units << 4; i += 16) {
    v128.store(out + i, v128.xor(v128.load(a + i), v128.load(b + i)));
  }
}

export function xorConstant(out: usize, a: usize, label: usize, units: u32): void {
  const constant = v128.load(label);
  for (let i: usize = 0; i < units << 4; i += 16) v128.store(out + i, v128.xor(v128.load(a + i), constant));
}

/** σ(l ‖ r) = (l ⊕ r) ‖ l */
function sigma(x: v128): v128 {
  const swapped = v128.shuffle<u64>(x, x, 1, 0); // r ‖ l
  const left = v128.shuffle<u64>(x, i64x2.splat(0), 0, 2); // l ‖ 0
  return v128.xor(swapped, left);
}

export function orthomorphism(blocks: usize, x: usize, c: usize, units: u32): void {
  for (let i: usize = 0; i < units << 4; i += 16) {
    v128.store(blocks + i, sigma(v128.xor(v128.load(x + i), v128.load(c + i))));
  }
}

export function garbleAnd(
  hashesOfA: usize,
  hashesOfB: usize,
  table: usize,
  a: usize,
  b: usize,
  c: usize,
  out: usize,
  label: usize,
  units: u32,
): void {
  const delta = v128.load(label);
  const one = (<usize>units) << 4;
  for (let i: usize = 0; i < one; i += 16) {
    const shift = v128.load(c + i);
    const zeroA = v128.xor(v128.load(a + i), shift);
    const colorA = color(zeroA);
    const colorB = color(v128.xor(v128.load(b + i), shift));
    const ofA = v128.load(hashesOfA + i);
    const ofB = v128.load(hashesOfB + i);
    const generator = v128.xor(v128.xor(ofA, v128.load(hashesOfA + one + i)), v128.and(colorB, delta));
    const difference = v128.xor(ofB, v128.load(hashesOfB + one + i));
    v128.store(table + 2 * i, generator);
    v128.store(table + 2 * i + 16, v128.xor(difference, zeroA));
    const halves = v128.xor(v128.xor(ofA, v128.and(colorA, generator)), v128.xor(ofB, v128.and(colorB, difference)));
    v128.store(out + i, v128.xor(halves, shift));
  }
}

export function evaluateAnd(
  hashesOfA: usize,
  hashesOfB: usize,
  table: usize,
  a: usize,
  b: usize,
  c: usize,
  out: usize,
  units: u32,
): void {
  for (let i: usize = 0; i < units << 4; i += 16) {
    const shift = v128.load(c + i);
    const labelA = v128.xor(v128.load(a + i), shift);
    const colorA = color(labelA);
    const colorB = color(v128.xor(v128.load(b + i), shift));
    const generatorHalf = v128.xor(v128.load(hashesOfA + i), v128.and(colorA, v128.load(table + 2 * i)));
    const ofTable = v128.and(colorB, v128.xor(v128.load(table + 2 * i + 16), labelA));
    v128.store(out + i, v128.xor(v128.xor(generatorHalf, v128.xor(v128.load(hashesOfB + i), ofTable)), shift));
  }
}

/** All ones where the label's color is 1, else all zeros. */
function color(label: v128): v128 {
  return i32x4.splat(-(i32x4.extract_lane(label, 0) & 1));
}
