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

/** Of elements what `multiply` takes beside them: nothing. */
inline void takeHighs(const int64_t*, size_t, std::vector<int32_t>&) {}

/** kPositions or fewer patches by a block of 16 filters, added up over `length` weights. */
template <int kCount>
inline void multiply(const int64_t* patches, const int32_t*, int length, const int32_t* filters, int64_t (*sums)[pi::kPackedChannels]) {
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

constexpr int kPositions = 4;

/** An element is high·2^32 + low with low signed. */
inline void takeHighs(const int64_t* elements, size_t count, std::vector<int32_t>& highs) {
  highs.resize(count);
  for (size_t i = 0; i < count; i++) highs[i] = static_cast<int32_t>((static_cast<uint64_t>(elements[i]) + 0x80000000u) >> 32);
}

/**
 * Low halves make products of 64 bits, of filters in even places and of those in odd ones; of high halves' products only the
 * low 32 bits count, so eight fit into a vector.
 */
template <int kCount>
inline void multiply(const int64_t* patches, const int32_t* highs, int length, const int32_t* filters, int64_t (*sums)[pi::kPackedChannels]) {
  for (int half = 0; half < pi::kPackedChannels; half += 8) {
    __m256i even[kCount] = {}, odd[kCount] = {}, high[kCount] = {};
    for (int k = 0; k < length; k++) {
      const int32_t* at = filters + static_cast<size_t>(k) * pi::kPackedChannels + half;
      const __m256i weights = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), next = _mm256_srli_epi64(weights, 32);
      for (int p = 0; p < kCount; p++) {
        const size_t place = static_cast<size_t>(p) * length + k;
        const __m256i x = _mm256_set1_epi64x(patches[place]);
        even[p] = _mm256_add_epi64(even[p], _mm256_mul_epi32(x, weights));
        odd[p] = _mm256_add_epi64(odd[p], _mm256_mul_epi32(x, next));
        high[p] = _mm256_add_epi32(high[p], _mm256_mullo_epi32(_mm256_set1_epi32(highs[place]), weights));
      }
    }
    const __m256i upper = _mm256_set1_epi64x(static_cast<int64_t>(0xffffffff00000000u));
    for (int p = 0; p < kCount; p++) {
      const __m256i ofEven = _mm256_add_epi64(even[p], _mm256_slli_epi64(high[p], 32));
      const __m256i ofOdd = _mm256_add_epi64(odd[p], _mm256_and_si256(high[p], upper));
      const __m256i low = _mm256_unpacklo_epi64(ofEven, ofOdd), rest = _mm256_unpackhi_epi64(ofEven, ofOdd);
      auto* to = reinterpret_cast<__m256i*>(sums[p] + half);
      _mm256_storeu_si256(to, _mm256_permute2x128_si256(low, rest, 0x20));
      _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(low, rest, 0x31));
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
  std::vector<int32_t> highs;
  for (int first = 0; first < positions; first += together) {
    const int count = positions - first < together ? positions - first : together;
    for (int p = 0; p < count; p++)
      takePatch(shape, image, (first + p) / columns, (first + p) % columns, patches.data() + static_cast<size_t>(p) * length);
    takeHighs(patches.data(), static_cast<size_t>(count) * length, highs);
    for (int channel = 0; channel < shape.channelsOut; channel += pi::kPackedChannels) {
      const int32_t* packed = filters + static_cast<size_t>(channel) * length;
      const int channels = shape.channelsOut - channel < pi::kPackedChannels ? shape.channelsOut - channel : pi::kPackedChannels;
      const auto take = [&](int p, int many, auto multiplied) {
        int64_t sums[kPositions][pi::kPackedChannels];
        const size_t start = static_cast<size_t>(p) * length;
        multiplied(patches.data() + start, highs.empty() ? nullptr : highs.data() + start, length, packed, sums);
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
