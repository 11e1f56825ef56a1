/* libjpeg-turbo's, as its CMake writes it, for 32-bit WebAssembly. */
#define BUILD "reluctant"
#define HIDDEN
#define INLINE inline __attribute__((always_inline))
#define THREAD_LOCAL
#define PACKAGE_NAME "libjpeg-turbo"
#define VERSION "3.1.0"
#define SIZEOF_SIZE_T 4
#define HAVE_BUILTIN_CTZL
#define FALLTHROUGH __attribute__((fallthrough));
#ifndef BITS_IN_JSAMPLE
#define BITS_IN_JSAMPLE 8
#endif
#if BITS_IN_JSAMPLE == 8
#define D_ARITH_CODING_SUPPORTED 1
#define WITH_SIMD 1
#else
#undef D_ARITH_CODING_SUPPORTED
#undef WITH_SIMD
#endif
