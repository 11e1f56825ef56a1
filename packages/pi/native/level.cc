// All kernels at the level that the compiler's parameters give; PI_KERNELS names them.
#include "convolution.h"
#include "garbling.h"
#include "polynomials.h"
#include "transfers.h"

namespace {

void expandTo(const uint8_t* keys, int32_t count, uint8_t* schedules) {
  std::vector<Schedule> expanded(count);
  expandKeys(keys, count, expanded.data());
  std::memcpy(schedules, expanded.data(), static_cast<size_t>(count) * pi::kScheduleBytes);
}

static_assert(sizeof(Schedule) == pi::kScheduleBytes);

}  // namespace

const pi::Kernels pi::PI_KERNELS = {garble, evaluate, takeBits, expandTo, senderRows, receiverRows, hashRows, convolve, forwardAll, inverseAll, multiplyAdd, multiplyPlain};
