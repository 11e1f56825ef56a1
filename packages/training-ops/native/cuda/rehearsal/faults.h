// Kernels with the faults that the rehearsal is to find.
#pragma once
#include "threads.h"

namespace training_ops::cuda {

struct Faulty { float* out; };

namespace kernels {

/** Some threads wait, others leave. */
KERNEL(lonely_barrier, Faulty, kThreads) {
  if (threadIdx.x % 2 == 0) __syncthreads();
  a.out[threadIdx.x] = 1;
}

/** Gives each thread the number of its opposite, and does not wait for it. */
KERNEL(missing_barrier, Faulty, kThreads) {
  __shared__ float numbers[kThreads];
  numbers[threadIdx.x] = threadIdx.x;
  a.out[threadIdx.x] = numbers[kThreads - 1 - threadIdx.x];
}

/** The same without the fault. */
KERNEL(kept_barrier, Faulty, kThreads) {
  __shared__ float numbers[kThreads];
  numbers[threadIdx.x] = threadIdx.x;
  __syncthreads();
  a.out[threadIdx.x] = numbers[kThreads - 1 - threadIdx.x];
}

}  // namespace kernels
}  // namespace training_ops::cuda
