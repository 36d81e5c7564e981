// The front end's loops, once for each instruction set, and the choice among them.
#include "CKernels.h"

/// sum * 2^-bits, rounded half up, for results that fit 32 bits: then the shift need not know the sign.
#define ROUNDED(sum, bits) ((int32_t)((uint64_t)((sum) + ((int64_t)1 << ((bits) - 1))) >> (bits)))
#define SQUARED_MAGNITUDE(re, im) \
  ((int64_t)(((uint64_t)((int64_t)(re) * (re) + (int64_t)(im) * (im)) + (1 << 15)) >> 16))

#define NAME(x) x##_plain
#define TARGET static
#include "log_mel_body.h"

#if defined(__x86_64__)
#define NAME(x) x##_avx2
#define TARGET static __attribute__((target("avx2")))
#include "log_mel_body.h"

#define NAME(x) x##_avx512
#define TARGET static __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#include "log_mel_body.h"

#define TO_VARIANT(call, ...)                                         \
  if (level >= silif_level_avx512) return call##_avx512(__VA_ARGS__); \
  if (level >= silif_level_avx2) return call##_avx2(__VA_ARGS__);     \
  return call##_plain(__VA_ARGS__)
#else
#define TO_VARIANT(call, ...) \
  (void)level;                \
  return call##_plain(__VA_ARGS__)
#endif

int32_t silif_emphasise(int32_t level, const int16_t *samples, ptrdiff_t count, int32_t preemphasis_q15,
                        int32_t mean_term_q15, int32_t *output_q15) {
  TO_VARIANT(silif_emphasise, samples, count, preemphasis_q15, mean_term_q15, output_q15);
}

void silif_window(int32_t level, const int32_t *samples, ptrdiff_t half, const int32_t *window_q24, int32_t shift,
                  int32_t *output) {
  TO_VARIANT(silif_window, samples, half, window_q24, shift, output);
}

void silif_transform256(int32_t level, int32_t *data, int32_t *scratch, const int32_t *roots) {
  TO_VARIANT(silif_transform256, data, scratch, roots);
}

void silif_power(int32_t level, const int32_t *z, const int32_t *roots, int64_t *power) {
  TO_VARIANT(silif_power, z, roots, power);
}
