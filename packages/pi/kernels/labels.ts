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

/** σ(a ⊕ c) and σ(b ⊕ c): what an evaluator encrypts. */
export function blocks(blocksOfA: usize, blocksOfB: usize, a: usize, b: usize, c: usize, units: u32): void {
  for (let i: usize = 0; i < units << 4; i += 16) {
    const shift = v128.load(c + i);
    v128.store(blocksOfA + i, sigma(v128.xor(v128.load(a + i), shift)));
    v128.store(blocksOfB + i, sigma(v128.xor(v128.load(b + i), shift)));
  }
}

/** σ(x ⊕ c) of all units, then σ(x ⊕ c ⊕ Δ) = σ(x ⊕ c) ⊕ σ(Δ): what a garbler encrypts. */
export function blocksOfBoth(out: usize, x: usize, c: usize, label: usize, units: u32): void {
  const ofDelta = sigma(v128.load(label));
  const ones = out + ((<usize>units) << 4);
  for (let i: usize = 0; i < units << 4; i += 16) {
    const ofZero = sigma(v128.xor(v128.load(x + i), v128.load(c + i)));
    v128.store(out + i, ofZero);
    v128.store(ones + i, v128.xor(ofZero, ofDelta));
  }
}

export function garbleAnd(
  blocksOfA: usize,
  blocksOfB: usize,
  encryptedOfA: usize,
  encryptedOfB: usize,
  table: usize,
  a: usize,
  b: usize,
  c: usize,
  out: usize,
  label: usize,
  units: u32,
): void {
  const delta = v128.load(label);
  const ofDelta = sigma(delta);
  const one = (<usize>units) << 4;
  for (let i: usize = 0; i < one; i += 16) {
    const shift = v128.load(c + i);
    const zeroA = v128.xor(v128.load(a + i), shift);
    const zeroB = v128.xor(v128.load(b + i), shift);
    const colorA = color(zeroA);
    const colorB = color(zeroB);
    const cipherA = v128.load(encryptedOfA + i);
    const cipherB = v128.load(encryptedOfB + i);
    // H(x₀) ⊕ H(x₁), in which the blocks add up to σ(Δ)
    const differenceA = v128.xor(v128.xor(cipherA, v128.load(encryptedOfA + one + i)), ofDelta);
    const differenceB = v128.xor(v128.xor(cipherB, v128.load(encryptedOfB + one + i)), ofDelta);
    const generator = v128.xor(differenceA, v128.and(colorB, delta));
    v128.store(table + 2 * i, generator);
    v128.store(table + 2 * i + 16, v128.xor(differenceB, zeroA));
    const ofBlocks = v128.xor(v128.load(blocksOfA + i), v128.load(blocksOfB + i));
    const hashes = v128.xor(v128.xor(cipherA, cipherB), ofBlocks);
    const ofTable = v128.xor(v128.and(colorA, generator), v128.and(colorB, differenceB));
    v128.store(out + i, v128.xor(v128.xor(hashes, ofTable), shift));
  }
}

export function evaluateAnd(
  blocksOfA: usize,
  blocksOfB: usize,
  encryptedOfA: usize,
  encryptedOfB: usize,
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
    const labelB = v128.xor(v128.load(b + i), shift);
    const generatorHalf = v128.and(color(labelA), v128.load(table + 2 * i));
    const evaluatorHalf = v128.and(color(labelB), v128.xor(v128.load(table + 2 * i + 16), labelA));
    const ciphers = v128.xor(v128.load(encryptedOfA + i), v128.load(encryptedOfB + i));
    const hashes = v128.xor(ciphers, v128.xor(v128.load(blocksOfA + i), v128.load(blocksOfB + i)));
    v128.store(out + i, v128.xor(v128.xor(hashes, v128.xor(generatorHalf, evaluatorHalf)), shift));
  }
}

/** The colors of a wire's labels, bit by bit, four at a time; up to three labels beyond the wire are read, and not used. */
export function colors(out: usize, wire: usize, units: u32): void {
  for (let first: u32 = 0; first < units; first += 32) {
    const held = min(units - first, 32);
    let word: u32 = 0;
    for (let i: u32 = 0; i < held; i += 4) {
      const at = wire + ((<usize>(first + i)) << 4);
      const low = v128.shuffle<u32>(v128.load(at), v128.load(at, 16), 0, 4, 0, 4);
      const high = v128.shuffle<u32>(v128.load(at, 32), v128.load(at, 48), 0, 4, 0, 4);
      word |= i32x4.bitmask(i32x4.shl(v128.shuffle<u64>(low, high, 0, 2), 31)) << i;
    }
    if (held < 32) word &= (1 << held) - 1;
    store<u32>(out, word);
    out += 4;
  }
}

/** All ones where the label's color is 1, else all zeros. */
function color(label: v128): v128 {
  return i32x4.shr_s(i32x4.shl(v128.shuffle<u32>(label, label, 0, 0, 0, 0), 31), 31);
}
