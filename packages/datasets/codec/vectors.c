/*
 * The functions in which most of a JPEG's time goes besides its entropy decoder, in WebAssembly's vectors, where
 * libjpeg-turbo has a processor's: each gives the bits of its scalar one (jidctint.c, jdcolext.c, jdsample.c). The rest of its
 * vector functions is declared unavailable.
 */
#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"
#include "jdct.h"
#include "jsimd.h"
#include "jsimddct.h"
#include <wasm_simd128.h>

#define YES(name) \
  GLOBAL(int) jsimd_can_##name(void) { return 1; }
#define NO(name, ...)                                \
  GLOBAL(int) jsimd_can_##name(void) { return 0; } \
  GLOBAL(void) jsimd_##name(__VA_ARGS__) { __builtin_trap(); }

YES(idct_islow)
YES(h2v1_fancy_upsample)
YES(h2v2_fancy_upsample)
YES(ycc_rgb)
NO(idct_2x2, j_decompress_ptr a, jpeg_component_info *b, JCOEFPTR c, JSAMPARRAY d, JDIMENSION e)
NO(idct_4x4, j_decompress_ptr a, jpeg_component_info *b, JCOEFPTR c, JSAMPARRAY d, JDIMENSION e)
NO(idct_ifast, j_decompress_ptr a, jpeg_component_info *b, JCOEFPTR c, JSAMPARRAY d, JDIMENSION e)
NO(idct_float, j_decompress_ptr a, jpeg_component_info *b, JCOEFPTR c, JSAMPARRAY d, JDIMENSION e)
NO(h1v2_fancy_upsample, j_decompress_ptr a, jpeg_component_info *b, JSAMPARRAY c, JSAMPARRAY *d)
NO(h2v1_upsample, j_decompress_ptr a, jpeg_component_info *b, JSAMPARRAY c, JSAMPARRAY *d)
NO(h2v2_upsample, j_decompress_ptr a, jpeg_component_info *b, JSAMPARRAY c, JSAMPARRAY *d)
NO(h2v1_merged_upsample, j_decompress_ptr a, JSAMPIMAGE b, JDIMENSION c, JSAMPARRAY d)
NO(h2v2_merged_upsample, j_decompress_ptr a, JSAMPIMAGE b, JDIMENSION c, JSAMPARRAY d)
GLOBAL(int) jsimd_can_ycc_rgb565(void) { return 0; }
GLOBAL(void) jsimd_ycc_rgb565_convert(j_decompress_ptr a, JSAMPIMAGE b, JDIMENSION c, JSAMPARRAY d, int e) {
  __builtin_trap();
}

#define PAIR(a, b) wasm_i16x8_make(a, b, a, b, a, b, a, b)
#define LOW_OF(a, b) wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_OF(a, b) wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define ADD wasm_i32x4_add
#define SUB wasm_i32x4_sub
#define DOT wasm_i32x4_dot_i16x8

/* Constants of Loeffler, Ligtenberg and Moschytz in 13 bits, under jidctint.c's names. */
#define FIX_0_298 2446
#define FIX_0_390 3196
#define FIX_0_541 4433
#define FIX_0_765 6270
#define FIX_0_899 7373
#define FIX_1_175 9633
#define FIX_1_501 12299
#define FIX_1_847 15137
#define FIX_1_961 16069
#define FIX_2_053 16819
#define FIX_2_562 20995
#define FIX_3_072 25172
#define CONST_BITS 13
#define PASS1_BITS 2

/* Four columns of eight: pairs of rows interleaved, out 32 bits not yet rounded. */
static inline void idct_half(v128_t x04, v128_t x26, v128_t x71, v128_t x53, v128_t z34, int bits, v128_t *out) {
  const v128_t round = wasm_i32x4_splat(1 << (bits - 1));
  const v128_t even0 = ADD(DOT(x04, PAIR(1 << CONST_BITS, 1 << CONST_BITS)), round);
  const v128_t even1 = ADD(DOT(x04, PAIR(1 << CONST_BITS, -(1 << CONST_BITS))), round);
  const v128_t even2 = DOT(x26, PAIR(FIX_0_541, FIX_0_541 - FIX_1_847));
  const v128_t even3 = DOT(x26, PAIR(FIX_0_541 + FIX_0_765, FIX_0_541));
  const v128_t z3 = DOT(z34, PAIR(FIX_1_175 - FIX_1_961, FIX_1_175));
  const v128_t z4 = DOT(z34, PAIR(FIX_1_175, FIX_1_175 - FIX_0_390));
  const v128_t odd0 = ADD(DOT(x71, PAIR(FIX_0_298 - FIX_0_899, -FIX_0_899)), z3);
  const v128_t odd3 = ADD(DOT(x71, PAIR(-FIX_0_899, FIX_1_501 - FIX_0_899)), z4);
  const v128_t odd1 = ADD(DOT(x53, PAIR(FIX_2_053 - FIX_2_562, -FIX_2_562)), z4);
  const v128_t odd2 = ADD(DOT(x53, PAIR(-FIX_2_562, FIX_3_072 - FIX_2_562)), z3);
  const v128_t t0 = ADD(even0, even3), t3 = SUB(even0, even3), t1 = ADD(even1, even2), t2 = SUB(even1, even2);
  out[0] = wasm_i32x4_shr(ADD(t0, odd3), bits);
  out[7] = wasm_i32x4_shr(SUB(t0, odd3), bits);
  out[1] = wasm_i32x4_shr(ADD(t1, odd2), bits);
  out[6] = wasm_i32x4_shr(SUB(t1, odd2), bits);
  out[2] = wasm_i32x4_shr(ADD(t2, odd1), bits);
  out[5] = wasm_i32x4_shr(SUB(t2, odd1), bits);
  out[3] = wasm_i32x4_shr(ADD(t3, odd0), bits);
  out[4] = wasm_i32x4_shr(SUB(t3, odd0), bits);
}

/* One dimension of all eight columns, in place. */
static inline void idct_pass(v128_t *x, int bits) {
  const v128_t z3 = wasm_i16x8_add(x[3], x[7]), z4 = wasm_i16x8_add(x[1], x[5]);
  v128_t low[8], high[8];
  idct_half(LOW_OF(x[0], x[4]), LOW_OF(x[2], x[6]), LOW_OF(x[7], x[1]), LOW_OF(x[5], x[3]), LOW_OF(z3, z4), bits, low);
  idct_half(HIGH_OF(x[0], x[4]), HIGH_OF(x[2], x[6]), HIGH_OF(x[7], x[1]), HIGH_OF(x[5], x[3]), HIGH_OF(z3, z4), bits,
            high);
  for (int i = 0; i < 8; i++) x[i] = wasm_i16x8_narrow_i32x4(low[i], high[i]);
}

static inline void transpose(v128_t *x) {
  v128_t a[8], b[8];
  for (int i = 0; i < 4; i++) a[2 * i] = LOW_OF(x[2 * i], x[2 * i + 1]), a[2 * i + 1] = HIGH_OF(x[2 * i], x[2 * i + 1]);
#define LOW_32(a, b) wasm_i32x4_shuffle(a, b, 0, 4, 1, 5)
#define HIGH_32(a, b) wasm_i32x4_shuffle(a, b, 2, 6, 3, 7)
  b[0] = LOW_32(a[0], a[2]), b[1] = HIGH_32(a[0], a[2]), b[2] = LOW_32(a[1], a[3]), b[3] = HIGH_32(a[1], a[3]);
  b[4] = LOW_32(a[4], a[6]), b[5] = HIGH_32(a[4], a[6]), b[6] = LOW_32(a[5], a[7]), b[7] = HIGH_32(a[5], a[7]);
  for (int i = 0; i < 4; i++) {
    x[2 * i] = wasm_i64x2_shuffle(b[i], b[i + 4], 0, 2);
    x[2 * i + 1] = wasm_i64x2_shuffle(b[i], b[i + 4], 1, 3);
  }
}

GLOBAL(void)
jsimd_idct_islow(j_decompress_ptr cinfo, jpeg_component_info *component, JCOEFPTR block, JSAMPARRAY out,
                 JDIMENSION column) {
  const int16_t *quantizers = component->dct_table;
  v128_t x[8], rest = wasm_v128_load(block + 8);
  for (int i = 2; i < 8; i++) rest = wasm_v128_or(rest, wasm_v128_load(block + 8 * i));
  x[0] = wasm_i16x8_mul(wasm_v128_load(block), wasm_v128_load(quantizers));
  if (wasm_v128_any_true(rest)) {
    for (int i = 1; i < 8; i++)
      x[i] = wasm_i16x8_mul(wasm_v128_load(block + 8 * i), wasm_v128_load(quantizers + 8 * i));
    idct_pass(x, CONST_BITS - PASS1_BITS);
  } else { /* columns are constant */
    x[0] = wasm_i16x8_shl(x[0], PASS1_BITS);
    for (int i = 1; i < 8; i++) x[i] = x[0];
  }
  transpose(x);
  idct_pass(x, CONST_BITS + PASS1_BITS + 3);
  transpose(x);
  for (int i = 0; i < 8; i += 2) {
    const v128_t rows = wasm_v128_xor(wasm_i8x16_narrow_i16x8(x[i], x[i + 1]), wasm_i8x16_splat(-128));
    wasm_v128_store64_lane(out[i] + column, rows, 0);
    wasm_v128_store64_lane(out[i + 1] + column, rows, 1);
  }
}

/* A row of one color before it is doubled, between two samples that repeat its ends; a JPEG has 65,500 columns at most. */
static int16_t color_row[8 + 32768 + 16];

/* Doubles `color_row`: three parts of the nearer sample, one of the farther. */
static inline void double_row(uint8_t *out, int count, int left_bias, int right_bias, int shift) {
  int16_t *row = color_row + 8;
  row[-1] = row[0];
  row[count] = row[count - 1];
  for (int i = 0; i < count; i += 8, out += 16) {
    const v128_t here = wasm_v128_load(row + i);
    const v128_t thrice = wasm_i16x8_add(wasm_i16x8_shl(here, 1), here);
    const v128_t left = wasm_i16x8_add(wasm_i16x8_add(thrice, wasm_v128_load(row + i - 1)), wasm_i16x8_splat(left_bias));
    const v128_t right =
        wasm_i16x8_add(wasm_i16x8_add(thrice, wasm_v128_load(row + i + 1)), wasm_i16x8_splat(right_bias));
    wasm_v128_store(out, wasm_v128_or(wasm_u16x8_shr(left, shift), wasm_i16x8_shl(wasm_u16x8_shr(right, shift), 8)));
  }
}

GLOBAL(void)
jsimd_h2v1_fancy_upsample(j_decompress_ptr cinfo, jpeg_component_info *component, JSAMPARRAY in, JSAMPARRAY *out) {
  const int count = component->downsampled_width;
  for (int row = 0; row < cinfo->max_v_samp_factor; row++) {
    for (int i = 0; i < count; i += 8) wasm_v128_store(color_row + 8 + i, wasm_u16x8_load8x8(in[row] + i));
    double_row((*out)[row], count, 1, 2, 2);
  }
}

GLOBAL(void)
jsimd_h2v2_fancy_upsample(j_decompress_ptr cinfo, jpeg_component_info *component, JSAMPARRAY in, JSAMPARRAY *out) {
  const int count = component->downsampled_width;
  for (int row = 0; row < cinfo->max_v_samp_factor; row++) {
    const uint8_t *near = in[row >> 1], *far = in[row & 1 ? (row >> 1) + 1 : (row >> 1) - 1];
    for (int i = 0; i < count; i += 8) {
      const v128_t nearer = wasm_u16x8_load8x8(near + i);
      const v128_t thrice = wasm_i16x8_add(wasm_i16x8_shl(nearer, 1), nearer);
      wasm_v128_store(color_row + 8 + i, wasm_i16x8_add(thrice, wasm_u16x8_load8x8(far + i)));
    }
    double_row((*out)[row], count, 8, 7, 4);
  }
}

/* 16 bits of round((cb, cr) · factors / 2^16) for eight pixels whose pairs are in `low` and `high`. */
static inline v128_t chroma(v128_t low, v128_t high, v128_t factors) {
  const v128_t half = wasm_i32x4_splat(1 << 15);
  return wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(ADD(DOT(low, factors), half), 16),
                                 wasm_i32x4_shr(ADD(DOT(high, factors), half), 16));
}

/* Factors of 2^16 that pass 16 bits are written as a whole number and the rest: 1.402 = 1 + 26345 / 2^16, and so on. */
static inline void rgb_of(v128_t y, v128_t cb, v128_t cr, v128_t *rgb) {
  const v128_t low = LOW_OF(cb, cr), high = HIGH_OF(cb, cr);
  rgb[0] = wasm_i16x8_add(wasm_i16x8_add(y, cr), chroma(low, high, PAIR(0, 26345)));
  rgb[1] = wasm_i16x8_add(wasm_i16x8_sub(y, cr), chroma(low, high, PAIR(-22554, 18734)));
  rgb[2] = wasm_i16x8_add(wasm_i16x8_add(y, wasm_i16x8_shl(cb, 1)), chroma(low, high, PAIR(-14942, 0)));
}

/* To RGBX, the only layout asked for. Rows are padded to whole blocks, in and out. */
GLOBAL(void)
jsimd_ycc_rgb_convert(j_decompress_ptr cinfo, JSAMPIMAGE in, JDIMENSION row, JSAMPARRAY out, int count) {
  const v128_t center = wasm_i16x8_splat(128);
  for (; count > 0; count--, row++, out++) {
    const uint8_t *y = in[0][row], *cb = in[1][row], *cr = in[2][row];
    uint8_t *to = *out;
    for (int left = cinfo->output_width; left > 0; left -= 16, y += 16, cb += 16, cr += 16, to += 64) {
      const v128_t ys = wasm_v128_load(y), cbs = wasm_v128_load(cb), crs = wasm_v128_load(cr);
      v128_t low[3], high[3];
      rgb_of(wasm_u16x8_extend_low_u8x16(ys), wasm_i16x8_sub(wasm_u16x8_extend_low_u8x16(cbs), center),
             wasm_i16x8_sub(wasm_u16x8_extend_low_u8x16(crs), center), low);
      rgb_of(wasm_u16x8_extend_high_u8x16(ys), wasm_i16x8_sub(wasm_u16x8_extend_high_u8x16(cbs), center),
             wasm_i16x8_sub(wasm_u16x8_extend_high_u8x16(crs), center), high);
      const v128_t r = wasm_u8x16_narrow_i16x8(low[0], high[0]), g = wasm_u8x16_narrow_i16x8(low[1], high[1]),
                   b = wasm_u8x16_narrow_i16x8(low[2], high[2]);
#define LOW_8(a, b) wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_8(a, b) wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
      const v128_t rg0 = LOW_8(r, g), rg1 = HIGH_8(r, g), bx0 = LOW_8(b, b), bx1 = HIGH_8(b, b);
      wasm_v128_store(to, LOW_OF(rg0, bx0));
      wasm_v128_store(to + 16, HIGH_OF(rg0, bx0));
      wasm_v128_store(to + 32, LOW_OF(rg1, bx1));
      wasm_v128_store(to + 48, HIGH_OF(rg1, bx1));
    }
  }
}
