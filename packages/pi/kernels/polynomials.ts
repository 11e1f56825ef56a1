/**
 * Transforms of polynomials modulo a prime p below 2^30 and products of their values, as `native/polynomials.h` has them: four
 * coefficients a vector, butterflies whose values stay below 4p, and roots with their quotients ⌊root·2^32 / p⌋ in the order in
 * which butterflies take them. `x`, `roots` and `quotients` are places of `degree` words; what is given back is below p.
 */

/** Bits 32 to 63 of each product. */
function high(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7);
}

/** x·root mod p, below 2p, of any x. */
function times(x: v128, root: v128, quotient: v128, prime: v128): v128 {
  return i32x4.sub(i32x4.mul(x, root), i32x4.mul(high(x, quotient), prime));
}

/** Below p where it was below 2p, and below n where it was below 2n. */
function reduced(x: v128, n: v128): v128 {
  return i32x4.min_u(x, i32x4.sub(x, n));
}

export function forward(x: usize, roots: usize, quotients: usize, prime: u32, degree: u32): void {
  const p = i32x4.splat(prime);
  const twice = i32x4.splat(2 * prime);
  const end = x + ((<usize>degree) << 2);
  let groups: u32 = 1;
  for (let half = (<usize>degree) << 1; half >= 16; half >>= 1, groups <<= 1) {
    for (let group: u32 = 0; group < groups; group++) {
      const place = (<usize>(groups + group)) << 2;
      const root = v128.load32_splat(roots + place);
      const quotient = v128.load32_splat(quotients + place);
      const start = x + <usize>group * 2 * half;
      for (let at = start; at < start + half; at += 16) {
        const a = reduced(v128.load(at), twice);
        const b = times(v128.load(at + half), root, quotient, p);
        v128.store(at, i32x4.add(a, b));
        v128.store(at + half, i32x4.add(i32x4.sub(a, b), twice));
      }
    }
  }
  let place = (<usize>groups) << 2;
  for (let at = x; at < end; at += 32, place += 8) {
    const first = v128.load(at);
    const second = v128.load(at + 16);
    const root = pairs(roots + place);
    const a = reduced(v128.shuffle<i64>(first, second, 0, 2), twice);
    const b = times(v128.shuffle<i64>(first, second, 1, 3), root, pairs(quotients + place), p);
    const sum = i32x4.add(a, b);
    const difference = i32x4.add(i32x4.sub(a, b), twice);
    v128.store(at, v128.shuffle<i64>(sum, difference, 0, 2));
    v128.store(at + 16, v128.shuffle<i64>(sum, difference, 1, 3));
  }
  place = (<usize>groups) << 3;
  for (let at = x; at < end; at += 32, place += 16) {
    const first = v128.load(at);
    const second = v128.load(at + 16);
    const a = reduced(v128.shuffle<i32>(first, second, 0, 2, 4, 6), twice);
    const b = times(
      v128.shuffle<i32>(first, second, 1, 3, 5, 7),
      v128.load(roots + place),
      v128.load(quotients + place),
      p,
    );
    const sum = reduced(reduced(i32x4.add(a, b), twice), p);
    const difference = reduced(reduced(i32x4.add(i32x4.sub(a, b), twice), twice), p);
    v128.store(at, v128.shuffle<i32>(sum, difference, 0, 4, 1, 5));
    v128.store(at + 16, v128.shuffle<i32>(sum, difference, 2, 6, 3, 7));
  }
}

/** Two words, each twice. */
function pairs(at: usize): v128 {
  const two = v128.load64_splat(at);
  return v128.shuffle<i32>(two, two, 0, 0, 1, 1);
}

/** `scale` is 1 / degree modulo p. */
export function inverse(
  x: usize,
  roots: usize,
  quotients: usize,
  prime: u32,
  degree: u32,
  scale: u32,
  scaleQuotient: u32,
): void {
  const p = i32x4.splat(prime);
  const twice = i32x4.splat(2 * prime);
  const end = x + ((<usize>degree) << 2);
  let place = (<usize>degree) << 1;
  for (let at = x; at < end; at += 32, place += 16) {
    const first = v128.load(at);
    const second = v128.load(at + 16);
    const a = v128.shuffle<i32>(first, second, 0, 2, 4, 6);
    const b = v128.shuffle<i32>(first, second, 1, 3, 5, 7);
    const sum = reduced(i32x4.add(a, b), twice);
    const difference = i32x4.add(i32x4.sub(a, b), twice);
    const product = times(difference, v128.load(roots + place), v128.load(quotients + place), p);
    v128.store(at, v128.shuffle<i32>(sum, product, 0, 4, 1, 5));
    v128.store(at + 16, v128.shuffle<i32>(sum, product, 2, 6, 3, 7));
  }
  place = <usize>degree;
  for (let at = x; at < end; at += 32, place += 8) {
    const first = v128.load(at);
    const second = v128.load(at + 16);
    const a = v128.shuffle<i64>(first, second, 0, 2);
    const b = v128.shuffle<i64>(first, second, 1, 3);
    const sum = reduced(i32x4.add(a, b), twice);
    const difference = i32x4.add(i32x4.sub(a, b), twice);
    const product = times(difference, pairs(roots + place), pairs(quotients + place), p);
    v128.store(at, v128.shuffle<i64>(sum, product, 0, 2));
    v128.store(at + 16, v128.shuffle<i64>(sum, product, 1, 3));
  }
  let groups = degree >> 3;
  for (let half: usize = 16; groups >= 1; half <<= 1, groups >>= 1) {
    for (let group: u32 = 0; group < groups; group++) {
      const at0 = (<usize>(groups + group)) << 2;
      const root = v128.load32_splat(roots + at0);
      const quotient = v128.load32_splat(quotients + at0);
      const start = x + <usize>group * 2 * half;
      for (let at = start; at < start + half; at += 16) {
        const a = v128.load(at);
        const b = v128.load(at + half);
        v128.store(at, reduced(i32x4.add(a, b), twice));
        v128.store(at + half, times(i32x4.add(i32x4.sub(a, b), twice), root, quotient, p));
      }
    }
  }
  const factor = i32x4.splat(scale);
  const factorQuotient = i32x4.splat(scaleQuotient);
  for (let at = x; at < end; at += 16) v128.store(at, reduced(times(v128.load(at), factor, factorQuotient, p), p));
}

/** sum + a·b mod p of each element, into `sum`; `barrett` is ⌊2^61 / p⌋. The quotient is at most two too small. */
export function multiplyAdd(sum: usize, a: usize, b: usize, prime: u32, degree: u32, barrett: u32): void {
  const p = i32x4.splat(prime);
  const twice = i32x4.splat(2 * prime);
  const factor = i32x4.splat(barrett);
  const bytes = (<usize>degree) << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(a + at);
    const y = v128.load(b + at);
    const upper = v128.shuffle<i32>(
      i64x2.shr_u(i64x2.extmul_low_i32x4_u(x, y), 29),
      i64x2.shr_u(i64x2.extmul_high_i32x4_u(x, y), 29),
      0,
      2,
      4,
      6,
    );
    const product = i32x4.sub(i32x4.mul(x, y), i32x4.mul(high(upper, factor), p));
    const added = i32x4.add(v128.load(sum + at), reduced(reduced(product, twice), p));
    v128.store(sum + at, reduced(added, p));
  }
}
