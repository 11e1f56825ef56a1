/**
 * 128 columns of bits to rows of a vector each: bit j of row i is bit i of column j. Columns lie one after another, `stride`
 * words each; a word is of a group of 32 rows. `block` is room for 32 vectors. Four groups at a time, a lane each: up to 12
 * bytes beyond the columns are read, and not used.
 */
export function transposeColumns(rows: usize, columns: usize, stride: u32, block: usize): void {
  for (let group: u32 = 0; group < stride; group += 4) {
    const lanes = min(stride - group, 4);
    for (let word: u32 = 0; word < 4; word++) {
      for (let i: u32 = 0; i < 32; i++) {
        const at = columns + ((<usize>((32 * word + i) * stride + group)) << 2);
        v128.store(block + ((<usize>i) << 4), v128.load(at));
      }
      transpose32(block);
      for (let i: u32 = 0; i < 32; i++) {
        const vector = block + ((<usize>i) << 4);
        for (let lane: u32 = 0; lane < lanes; lane++) {
          const row = 32 * (group + lane) + i;
          store<u32>(rows + ((<usize>row) << 4) + ((<usize>word) << 2), load<u32>(vector + ((<usize>lane) << 2)));
        }
      }
    }
  }
}

/** Transposes a 32 × 32 bit matrix in each lane (Warren, Hacker's Delight, §7-3). */
function transpose32(block: usize): void {
  let mask: u32 = 0x0000ffff;
  for (let width: u32 = 16; width > 0; width >>= 1) {
    const masks = i32x4.splat(mask);
    for (let k: u32 = 0; k < 32; k = (k + width + 1) & ~width) {
      const upper = block + ((<usize>k) << 4);
      const lower = block + ((<usize>(k + width)) << 4);
      const x = v128.load(upper);
      const y = v128.load(lower);
      const swapped = v128.and(v128.xor(i32x4.shr_u(x, width), y), masks);
      v128.store(lower, v128.xor(y, swapped));
      v128.store(upper, v128.xor(x, i32x4.shl(swapped, width)));
    }
    mask ^= mask << (width >> 1);
  }
}
