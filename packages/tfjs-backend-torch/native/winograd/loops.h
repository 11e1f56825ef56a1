// Convolutions of 3×3 by Winograd's F(2×2, 3×3) (Lavin and Gray, 2015), and both of their gradients: 16 multiplications for
// four results where the definition has 36. Maps are NHWC of float32, windows of stride 1.
//
// A tile is two by two results and the four by four inputs that they depend on. With U = G g Gᵀ of a filter g, V = Bᵀ d B of
// a tile's input and Z = A dy Aᵀ of its gradient, 4×4 each,
//
//   y = Aᵀ [Σ V · U] A over the channels of the input, and dg = Gᵀ [Σ Z · V] G over the tiles,
//
// element by element, so that each of the sixteen elements is a product of matrices by itself. The gradient of the data is
// the convolution of dy with the filter turned round. All factors are 0, ±1, ½ and ¼: what is rounded are the sums.
#pragma once
#include <cstdint>

namespace winograd {

/** Elements of a tile's transform. */
constexpr int64_t kElements = 16;
/** Channels are divided into blocks of so many. */
constexpr int64_t kBlock = 16;

/** Heights, widths and channels of what a convolution takes and gives, and the rows and columns of zeros before its input. */
struct Maps {
  int64_t height, width, channels;
  int64_t outHeight, outWidth, outChannels;
  int64_t above, before;
  int64_t down() const { return (outHeight + 1) / 2; }
  int64_t across() const { return (outWidth + 1) / 2; }
};

/** A filter where it lies: how far its elements are from each other. Negative ones turn it round. */
struct Filter {
  const float* values;
  int64_t row, column, in, out;
};

/** So many tiles from the first one on, image after image, row after row. */
struct Tiles { int64_t first, count; };

/**
 * The transform of tiles, [16][channels / 16][capacity][16]. Between the sixteen parts lies a line of the cache more, for
 * else they would all be written to the same few of its sets.
 */
struct Transformed {
  float* values;
  int64_t channels, capacity;
  int64_t part() const { return partOf(channels, capacity); }
  static int64_t partOf(int64_t channels, int64_t capacity) { return channels * capacity + kBlock; }
};

struct Loops {
  /** Tiles that are multiplied together: a capacity is a multiple. */
  int64_t together;
  /** Channels that are computed together: floats of a tile in a scratch of `convolve`. */
  int64_t panel;
  /**
   * U of the output's channels from `first` to `end`, multiples of 32 or the last one. in and out are multiples of 16. u
   * [16, in · out], laid out as `convolve` reads it.
   */
  void (*transformFilter)(const Filter& filter, int64_t in, int64_t out, int64_t first, int64_t end, float* u);
  /** y of those tiles. products [16 · capacity · panel + 16 · 16] is a scratch, as v is. */
  void (*convolve)(const Maps& maps, Tiles tiles, const float* x, const float* u, Transformed v, float* products, float* y);
  /** V and Z of those tiles, from place `at` on. */
  void (*transformInput)(const Maps& maps, Tiles tiles, const float* x, Transformed v, int64_t at);
  void (*transformGradient)(const Maps& maps, Tiles tiles, const float* dy, Transformed z, int64_t at);
  /** sums [out, in] += Σ z · v over `count` tiles, for one of the sixteen elements and sixteen channels of dy from `out` on. */
  void (*accumulate)(Transformed z, Transformed v, int64_t element, int64_t out, int64_t count, float* sums);
  /** dg [out, 3, 3, in] from the sums [16, out, in], for the channels of dy from `out` to `end`. */
  void (*finishFilter)(const float* sums, int64_t in, int64_t outs, int64_t out, int64_t end, float* dg);
};

/** The loops by level; a processor other than x86 has the lowest alone. */
namespace loops_at { extern const Loops baseline, avx2, avx512; }

}  // namespace winograd
