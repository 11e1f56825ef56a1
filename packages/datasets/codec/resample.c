/*
 * Bilinear resampling that is antialiased as Pillow's and torchvision's is: a triangle as wide as the pixels that fall
 * together, across each row, then down the columns, 8 bits between the two. Weights are 14 bits where Pillow's are 22, so
 * that two products fit an instruction; no value is off by more than one level for it in either direction.
 */
#include "resample.h"
#include "memory.h"
#include <wasm_simd128.h>

#define WEIGHT_BITS 14
#define ONE (1 << WEIGHT_BITS)
#define HALF (ONE >> 1)

/* For each output: where its inputs begin, and a pair of weights for every two of them. */
typedef struct {
  int first, end; /* inputs that are needed at all */
  int pairs;      /* of weights an output */
  int *starts;
  int32_t *weights; /* two int16 each */
} filter_t;

static filter_t across, down;
static int side;
static int stride;    /* bytes of a row of `side` pixels RGBX, in whole vectors */
static uint8_t *rows; /* each input row that is needed, brought to its width */
static int rows_done;

static double absolute(double x) { return __builtin_fabs(x); }

/* Inputs lie in [from, to), outputs evenly in [start, start + length). */
static void make_filter(filter_t *filter, double start, double length, int from, int to, int size) {
  const double scale = length / size;
  const double reach = scale < 1 ? 1 : scale;
  const int most = (int)__builtin_ceil(2 * reach);
  const int pairs = (most + 1) / 2;
  filter->pairs = pairs;
  const int padded = (size + 3) / 4 * 4; /* those beyond are computed and dropped */
  filter->starts = memory_take(padded * sizeof(int));
  filter->weights = memory_take(padded * pairs * sizeof(int32_t));
  double *exact = memory_take(most * sizeof(double));
  filter->first = to;
  filter->end = from;
  for (int i = 0; i < size; i++) {
    const double center = start + (i + 0.5) * scale;
    int first = (int)__builtin_floor(center - reach + 0.5);
    int end = (int)__builtin_floor(center + reach + 0.5);
    if (first < from) first = from;
    if (end > to) end = to;
    if (end > first + most) end = first + most; /* by a rounding: it weighs nothing */
    double sum = 0;
    for (int k = 0; k < end - first; k++) {
      const double distance = absolute((first + k + 0.5 - center) / reach);
      exact[k] = distance < 1 ? 1 - distance : 0;
      sum += exact[k];
    }
    int16_t *weights = (int16_t *)(filter->weights + i * pairs);
    int left = ONE, largest = 0;
    for (int k = 0; k < 2 * pairs; k++) {
      weights[k] = k < end - first ? (int16_t)(exact[k] / sum * ONE + 0.5) : 0;
      left -= weights[k];
      if (weights[k] > weights[largest]) largest = k;
    }
    weights[largest] += left; /* a surface of one color stays as it is */
    filter->starts[i] = first;
    if (first < filter->first) filter->first = first;
    if (end > filter->end) filter->end = end;
  }
  for (int i = size; i < padded; i++) filter->starts[i] = filter->starts[size - 1];
}

void resample_begin(const view_t *view, int size) {
  side = size;
  stride = (size + 3) / 4 * 16;
  make_filter(&across, view->left, view->width, view->from_x, view->to_x, size);
  make_filter(&down, view->top, view->height, view->from_y, view->to_y, size);
  const int count = down.end - down.first;
  const int padding = 2 * down.pairs; /* rows of weight 0 */
  rows = memory_take((size_t)(count + padding) * stride);
  rows_done = 0;
}

int resample_first_row(void) { return down.first; }
int resample_end_row(void) { return down.end; }
int resample_first_column(void) { return across.first; }
int resample_end_column(void) { return across.end; }
size_t resample_row_bytes(int pixels) { return ((size_t)pixels + 2 * across.pairs + 16) * 4; }

/* Pixels RGBX, the first two and the last two of four, as pairs of channels: R R, G G, B B, X X. */
#define LOW_PAIR wasm_u8x16_const(0, 128, 4, 128, 1, 128, 5, 128, 2, 128, 6, 128, 3, 128, 7, 128)
#define HIGH_PAIR wasm_u8x16_const(8, 128, 12, 128, 9, 128, 13, 128, 10, 128, 14, 128, 11, 128, 15, 128)
#define PAIR_OF(pixels, which) wasm_i8x16_swizzle(pixels, which)

/* One output pixel RGBX, in 32 bits each. */
static inline __attribute__((always_inline)) v128_t row_sums(const uint8_t *in, const int32_t *weights, int pairs) {
  v128_t sums = wasm_i32x4_splat(HALF);
  int k = 0;
  for (; k + 1 < pairs; k += 2) {
    const v128_t pixels = wasm_v128_load(in + 8 * k);
    const v128_t first = wasm_i32x4_dot_i16x8(PAIR_OF(pixels, LOW_PAIR), wasm_v128_load32_splat(weights + k));
    const v128_t second = wasm_i32x4_dot_i16x8(PAIR_OF(pixels, HIGH_PAIR), wasm_v128_load32_splat(weights + k + 1));
    sums = wasm_i32x4_add(sums, wasm_i32x4_add(first, second));
  }
  if (k < pairs) {
    const v128_t pixels = wasm_v128_load64_zero(in + 8 * k);
    sums = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(PAIR_OF(pixels, LOW_PAIR), wasm_v128_load32_splat(weights + k)));
  }
  return wasm_i32x4_shr(sums, WEIGHT_BITS);
}

static inline __attribute__((always_inline)) void row_of(const uint8_t *base, uint8_t *out, int pairs) {
  const int32_t *weights = across.weights;
  const int *starts = across.starts; /* both are padded to whole groups of four */
  for (int x = 0; x < side; x += 4, starts += 4, weights += 4 * pairs, out += 16) {
    const v128_t a = row_sums(base + 4 * starts[0], weights, pairs);
    const v128_t b = row_sums(base + 4 * starts[1], weights + pairs, pairs);
    const v128_t c = row_sums(base + 4 * starts[2], weights + 2 * pairs, pairs);
    const v128_t d = row_sums(base + 4 * starts[3], weights + 3 * pairs, pairs);
    wasm_v128_store(out, wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d)));
  }
}

void resample_row(const uint8_t *rgbx) {
  uint8_t *out = rows + (size_t)rows_done++ * stride;
  const uint8_t *base = rgbx - 4 * across.first;
  switch (across.pairs) {
    case 1: return row_of(base, out, 1);
    case 2: return row_of(base, out, 2);
    case 3: return row_of(base, out, 3);
    default: return row_of(base, out, across.pairs);
  }
}

/* Four pixels RGBX of one output row. */
static inline __attribute__((always_inline)) v128_t column_sums(const uint8_t *in, const int32_t *weights, int pairs) {
  v128_t a = wasm_i32x4_splat(HALF), b = a, c = a, d = a;
  for (int k = 0; k < pairs; k++, in += 2 * stride) {
    const v128_t upper = wasm_v128_load(in), lower = wasm_v128_load(in + stride);
    const v128_t both = wasm_v128_load32_splat(weights + k);
    const v128_t first =
        wasm_i8x16_shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const v128_t second =
        wasm_i8x16_shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    a = wasm_i32x4_add(a, wasm_i32x4_dot_i16x8(wasm_u16x8_extend_low_u8x16(first), both));
    b = wasm_i32x4_add(b, wasm_i32x4_dot_i16x8(wasm_u16x8_extend_high_u8x16(first), both));
    c = wasm_i32x4_add(c, wasm_i32x4_dot_i16x8(wasm_u16x8_extend_low_u8x16(second), both));
    d = wasm_i32x4_add(d, wasm_i32x4_dot_i16x8(wasm_u16x8_extend_high_u8x16(second), both));
  }
  return wasm_u8x16_narrow_i16x8(
      wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(a, WEIGHT_BITS), wasm_i32x4_shr(b, WEIGHT_BITS)),
      wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(c, WEIGHT_BITS), wasm_i32x4_shr(d, WEIGHT_BITS)));
}

static inline __attribute__((always_inline)) void columns_of(uint8_t *out, int pairs) {
  const v128_t zero = wasm_i8x16_splat(0);
  for (int y = 0; y < side; y++) {
    const uint8_t *in = rows + (size_t)(down.starts[y] - down.first) * stride;
    const int32_t *weights = down.weights + y * pairs;
    for (int x = 0; x < side; x += 4, in += 16) {
      const v128_t rgbx = column_sums(in, weights, pairs);
      wasm_v128_store(out, wasm_i8x16_shuffle(rgbx, zero, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 16, 16, 16));
      out += side - x < 4 ? 3 * (side - x) : 12; /* what it writes beyond is written over by what follows */
    }
  }
}

uint8_t *resample_end(void) {
  uint8_t *image = memory_take((size_t)side * side * 3 + 16);
  switch (down.pairs) {
    case 1: columns_of(image, 1); break;
    case 2: columns_of(image, 2); break;
    default: columns_of(image, down.pairs);
  }
  return image;
}
