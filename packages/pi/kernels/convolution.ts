/**
 * Every patch times every filter over Z_2^64: out[column][channel] = Σ patch · filter. An element of a patch is high·2^32 + low
 * with low signed, in two arrays; a filter's weight has 32 bits. `length` is a multiple of 4. Low products are summed in
 * 64-bit lanes, high ones in 32-bit lanes. Two patches by two filters, so that what is loaded serves twice; what is odd is
 * computed twice.
 */
export function multiplyPatches(
  low: usize,
  high: usize,
  filters: usize,
  out: usize,
  length: u32,
  columns: u32,
  channels: u32,
): void {
  const bytes = (<usize>length) << 2;
  for (let column: u32 = 0; column < columns; column += 2) {
    const nextColumn = min(column + 1, columns - 1);
    for (let channel: u32 = 0; channel < channels; channel += 2) {
      const nextChannel = min(channel + 1, channels - 1);
      const patch = <usize>column * bytes;
      const nextPatch = <usize>nextColumn * bytes;
      const filter = filters + <usize>channel * bytes;
      const nextFilter = filters + <usize>nextChannel * bytes;
      let low00 = i64x2.splat(0);
      let low01 = i64x2.splat(0);
      let low10 = i64x2.splat(0);
      let low11 = i64x2.splat(0);
      let high00 = i32x4.splat(0);
      let high01 = i32x4.splat(0);
      let high10 = i32x4.splat(0);
      let high11 = i32x4.splat(0);
      for (let k: usize = 0; k < bytes; k += 16) {
        const w0 = v128.load(filter + k);
        const w1 = v128.load(nextFilter + k);
        const x0 = v128.load(low + patch + k);
        const x1 = v128.load(low + nextPatch + k);
        low00 = i64x2.add(low00, product(x0, w0));
        low01 = i64x2.add(low01, product(x0, w1));
        low10 = i64x2.add(low10, product(x1, w0));
        low11 = i64x2.add(low11, product(x1, w1));
        const y0 = v128.load(high + patch + k);
        const y1 = v128.load(high + nextPatch + k);
        high00 = i32x4.add(high00, i32x4.mul(y0, w0));
        high01 = i32x4.add(high01, i32x4.mul(y0, w1));
        high10 = i32x4.add(high10, i32x4.mul(y1, w0));
        high11 = i32x4.add(high11, i32x4.mul(y1, w1));
      }
      const row = out + ((<usize>(column * channels)) << 3);
      const nextRow = out + ((<usize>(nextColumn * channels)) << 3);
      store<i64>(row + ((<usize>channel) << 3), total(low00, high00));
      store<i64>(row + ((<usize>nextChannel) << 3), total(low01, high01));
      store<i64>(nextRow + ((<usize>channel) << 3), total(low10, high10));
      store<i64>(nextRow + ((<usize>nextChannel) << 3), total(low11, high11));
    }
  }
}

/** Four signed products, added in pairs. */
function product(x: v128, w: v128): v128 {
  return i64x2.add(i64x2.extmul_low_i32x4_s(x, w), i64x2.extmul_high_i32x4_s(x, w));
}

/** low + high·2^32 modulo 2^64, over all lanes. */
function total(low: v128, high: v128): i64 {
  const highSum =
    i32x4.extract_lane(high, 0) +
    i32x4.extract_lane(high, 1) +
    i32x4.extract_lane(high, 2) +
    i32x4.extract_lane(high, 3);
  return i64x2.extract_lane(low, 0) + i64x2.extract_lane(low, 1) + ((<i64>highSum) << 32);
}
