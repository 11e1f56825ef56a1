#pragma once
#include <cstdint>

namespace machine {

/** Each gives the number of operations that it did, of which a multiply-add is two; none where the level cannot. */
struct MultiplyAdd {
  double (*inFloat32)(int64_t rounds);
  double (*inBfloat16)(int64_t rounds);
};

namespace multiply_add_at { extern const MultiplyAdd baseline, avx2, avx512; }

}  // namespace machine
