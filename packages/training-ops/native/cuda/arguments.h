// What each kernel is given, one structure a kernel. Read by NVRTC, which has no headers, by the host's compiler and by
// the rehearsal on the CPU: so all three agree on every field. Pointers are to the device.
#ifndef TRAINING_OPS_CUDA_ARGUMENTS
#define TRAINING_OPS_CUDA_ARGUMENTS

namespace training_ops {
namespace cuda {

/** Threads of a block, and of the one block that chooses units. */
constexpr int kThreads = 256;
constexpr int kChoosingThreads = 1024;
constexpr int kWarp = 32;

/** Activations are float32 or bfloat16, [images, units]; a unit's channel is its index modulo `channels`. */
struct Extent { int images, units, channels; };

/** Rows of channels, in parts that each a block sums up, `columns` (a power of two) of its threads side by side. */
struct Division { int rows, channels, columns, rowsPerPart, parts; };

/** What is rectified: nothing, or where the mask [units] is not 0, or everything where there is no mask. */
struct Rectification { int rectifies; const float* mask; };

/** y = rectify((x − mean) · scale + shift [+ residual]); a null mean is 0. */
struct Normalize {
  const void *x, *residual;
  void* y;
  const float *mean, *scale, *shift;
  Rectification rectification;
  Extent extent;
};

/** Mean and Σ (x − mean)² of each part and channel, [parts, channels]. */
struct Moments {
  const void* x;
  float *means, *squares;
  Division division;
};

/** Of all parts together: mean, biased variance, and gamma / sqrt(variance + eps). */
struct FinishMoments {
  const float *means, *squares, *gamma;
  float *mean, *variance, *scale;
  Division division;
  double eps;
};

/** dz is dy where the ReLU was open. Σ dz and Σ dz · (x − mean) of each part and channel, [parts, channels]. */
struct NormSums {
  const void *dy, *x;
  const float *mean, *variance, *gamma, *beta;
  float *shifts, *products;
  Rectification rectification;
  Division division;
  int positions;
  double eps;
};

/** The gradients of gamma and beta; and the means a and b that `NormGradient` takes away, and its scale. */
struct FinishSums {
  const float *shifts, *products, *variance, *gamma;
  float *dGamma, *dBeta, *a, *b, *scale;
  Division division;
  double eps;
};

/** dx = scale · (dz − a − (x − mean) · b) */
struct NormGradient {
  const void *dy, *x;
  void* dx;
  const float *mean, *scale, *beta, *a, *b;
  Rectification rectification;
  Extent extent;
};

/** y = rectify(a [+ b]) */
struct Rectify {
  const void *a, *b;
  void* y;
  Rectification rectification;
  Extent extent;
};

/** dx = dy where the output shows that the ReLU was open, and where there is none. */
struct RectifyGradient {
  const void *dy, *y;
  void* dx;
  Rectification rectification;
  Extent extent;
};

/** Σ over images of |a − b|, or of max(−a, 0) where there is no b. */
struct ImageSums {
  const void *a, *b;
  float* sums;
  Extent extent;
};

/** Mean over channels of x² at each position of the student's map, then of the teacher's: [2, images · positions]. */
struct Energies {
  const void *student, *teacher;
  float* energies;
  int rows, channels;
};

/** Of each image: Σ (Q_s − Q_t)², and for each position what its activations are multiplied by in the gradient. */
struct AttentionMismatch {
  const float* energies;
  float *factors, *losses;
  int images, positions, channels;
};

/** dx = student · factors[image, position] · dy */
struct AttentionGradient {
  const void* student;
  const float *factors, *dy;
  void* dx;
  Extent extent;
};

/** Of each image: ‖Ψ_s − Ψ_t‖₂, and α, β with gradient α · s + β · t. */
struct RawMismatch {
  const void *student, *teacher;
  float *factors, *losses;
  int images, units;
};

/** dx = (student · factors[image, 0] + teacher · factors[image, 1]) · dy */
struct RawGradient {
  const void *student, *teacher;
  const float *factors, *dy;
  void* dx;
  Extent extent;
};

/** −log softmax(z)[label] of each image, NaN where there is no such class; and the gradient of their mean. */
struct CrossEntropy {
  const float* logits;
  const int* labels;
  float *gradient, *losses;
  int images, classes;
};

/** Σ values / divisor */
struct MeanOf {
  const float* values;
  float* mean;
  int count;
  double divisor;
};

/** Tensors that one launch walks through, each in blocks of kChunk elements; a longer list takes a second launch. */
constexpr int kChunk = 4096;
constexpr int kMaxEntries = 512;
template <class Entry>
struct Table { int count; Entry entries[kMaxEntries]; };

/** v ← momentum · v + (g + decay · p); p ← (p − rate · v) · pattern; pattern may be null. */
struct SgdEntry {
  float* p;
  const float* g;
  float* v;
  const float* pattern;
  int size, firstBlock;
};
struct Sgd {
  const float *rate, *guard;
  float momentum, decay;
  Table<SgdEntry> table;
};

/** running ← keep · running + share · batch */
struct BlendEntry {
  float* running;
  const float* batch;
  float keep, share;
  int size, firstBlock;
};
struct Blend {
  const float* guard;
  Table<BlendEntry> table;
};

/** Puts 0 into `finite`, which is 1, where an element is not. */
struct FiniteEntry {
  const float* values;
  int size, firstBlock;
};
struct AllFinite {
  float* finite;
  Table<FiniteEntry> table;
};

constexpr int kMaxImageChannels = 4;

/** Crops image n from offsets[n] (dy, dx, flip) of itself, black beyond its edges, flips and normalizes it. */
struct Augment {
  const unsigned char* images;
  const int* offsets;
  void* out;
  int count, height, width, channels;
  double mean[kMaxImageChannels], deviation[kMaxImageChannels];
};

/** 1 at the `keep` largest scores; among equal ones the lower index wins; NaN is below all. */
struct TopMask {
  const float* scores;
  float* mask;
  int units, keep;
};

// A launch takes 4 kB of arguments, and 32,764 bytes with CUDA 12.1 and later, which every libtorch from 2.9 on has.
static_assert(sizeof(Sgd) <= 32764 && sizeof(Blend) <= 32764 && sizeof(AllFinite) <= 32764, "arguments of a launch");

}  // namespace cuda
}  // namespace training_ops

#endif
