// Convolution over Z_2^64, exact: patches of 64-bit elements by filters of 32-bit weights.
#pragma once
#include <vector>

#include "kernels.h"
#include "vectors.h"

namespace {

/** Elements of the patches that are multiplied together: half a second cache. */
constexpr int kPatchElements = 1 << 16;

/** A product needs all 64 bits of an element times a weight's 32. */
#if defined(__AVX512DQ__)

constexpr int kPositions = 6;

/** kPositions or fewer patches by a block of 16 filters, added up over `length` weights. */
template <int kCount>
inline void multiply(const int64_t* patches, int length, const int32_t* filters, int64_t (*sums)[pi::kPackedChannels]) {
  __m512i sum[kCount][2] = {};
  for (int k = 0; k < length; k++) {
    const int32_t* weights = filters + static_cast<size_t>(k) * pi::kPackedChannels;
    const __m512i low = _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights)));
    const __m512i high = _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + 8)));
    for (int p = 0; p < kCount; p++) {
      const __m512i x = _mm512_set1_epi64(patches[static_cast<size_t>(p) * length + k]);
      sum[p][0] = _mm512_add_epi64(sum[p][0], _mm512_mullo_epi64(x, low));
      sum[p][1] = _mm512_add_epi64(sum[p][1], _mm512_mullo_epi64(x, high));
    }
  }
  for (int p = 0; p < kCount; p++) {
    _mm512_storeu_si512(sums[p], sum[p][0]);
    _mm512_storeu_si512(sums[p] + 8, sum[p][1]);
  }
}

#else

constexpr int kPositions = 2;

/** x = high·2^32 + low with low signed: two products of 32 bits, of the higher only the lower half counts. */
template <int kCount>
inline void multiply(const int64_t* patches, int length, const int32_t* filters, int64_t (*sums)[pi::kPackedChannels]) {
  for (int half = 0; half < pi::kPackedChannels; half += 8) {
    __m256i low[kCount][2] = {}, high[kCount][2] = {};
    for (int k = 0; k < length; k++) {
      const int32_t* weights = filters + static_cast<size_t>(k) * pi::kPackedChannels + half;
      const __m256i w0 = _mm256_cvtepi32_epi64(loadBlock(weights)), w1 = _mm256_cvtepi32_epi64(loadBlock(weights + 4));
      for (int p = 0; p < kCount; p++) {
        const int64_t element = patches[static_cast<size_t>(p) * length + k];
        const auto bits = static_cast<uint64_t>(element);
        const __m256i x = _mm256_set1_epi64x(element);
        const __m256i y = _mm256_set1_epi64x(static_cast<int64_t>((bits + 0x80000000u) >> 32));
        low[p][0] = _mm256_add_epi64(low[p][0], _mm256_mul_epi32(x, w0));
        low[p][1] = _mm256_add_epi64(low[p][1], _mm256_mul_epi32(x, w1));
        high[p][0] = _mm256_add_epi64(high[p][0], _mm256_mul_epi32(y, w0));
        high[p][1] = _mm256_add_epi64(high[p][1], _mm256_mul_epi32(y, w1));
      }
    }
    for (int p = 0; p < kCount; p++)
      for (int i = 0; i < 2; i++) {
        const __m256i sum = _mm256_add_epi64(low[p][i], _mm256_slli_epi64(high[p][i], 32));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums[p] + half + 4 * i), sum);
      }
  }
}

#endif

/** The elements under a filter at one position of the output; what lies beside the image is 0. */
inline void takePatch(const pi::Shape& shape, const int64_t* image, int row, int column, int64_t* patch) {
  const int left = column * shape.stride - shape.padding;
  const int first = left < 0 ? -left : 0;
  const int last = shape.width - left < shape.kernel ? shape.width - left : shape.kernel;
  std::memset(patch, 0, 8 * static_cast<size_t>(shape.filterSize()));
  for (int ky = 0; ky < shape.kernel; ky++) {
    const int y = row * shape.stride + ky - shape.padding;
    if (y < 0 || y >= shape.height || last <= first) continue;
    const int64_t* from = image + (static_cast<size_t>(y) * shape.width + left + first) * shape.channelsIn;
    std::memcpy(patch + (ky * shape.kernel + first) * shape.channelsIn, from, 8 * static_cast<size_t>(last - first) * shape.channelsIn);
  }
}

void convolve(const pi::Shape& shape, const int32_t* filters, const int64_t* image, int64_t* out) {
  const int length = shape.filterSize(), columns = shape.columns(), positions = shape.rows() * columns;
  const int fitting = kPatchElements / length / kPositions * kPositions;
  const int together = fitting > kPositions ? fitting : kPositions;
  std::vector<int64_t> patches(static_cast<size_t>(together) * length);
  for (int first = 0; first < positions; first += together) {
    const int count = positions - first < together ? positions - first : together;
    for (int p = 0; p < count; p++)
      takePatch(shape, image, (first + p) / columns, (first + p) % columns, patches.data() + static_cast<size_t>(p) * length);
    for (int channel = 0; channel < shape.channelsOut; channel += pi::kPackedChannels) {
      const int32_t* packed = filters + static_cast<size_t>(channel) * length;
      const int channels = shape.channelsOut - channel < pi::kPackedChannels ? shape.channelsOut - channel : pi::kPackedChannels;
      const auto take = [&](int p, int many, auto multiplied) {
        int64_t sums[kPositions][pi::kPackedChannels];
        multiplied(patches.data() + static_cast<size_t>(p) * length, length, packed, sums);
        for (int i = 0; i < many; i++)
          std::memcpy(out + static_cast<size_t>(first + p + i) * shape.channelsOut + channel, sums[i], 8 * channels);
      };
      int p = 0;
      for (; p + kPositions <= count; p += kPositions) take(p, kPositions, multiply<kPositions>);
      for (; p < count; p++) take(p, 1, multiply<1>);
    }
  }
}

}  // namespace
