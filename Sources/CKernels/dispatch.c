// Each call goes to the variant of the level that set-up chose: a branch that never changes its way.
#include "kernels.h"

int32_t silif_highest_level(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return silif_level_avx512;
  }
  if (__builtin_cpu_supports("avx2")) return silif_level_avx2;
#endif
  return silif_level_plain;
}

int32_t silif_best_level(void) {
  int32_t level = silif_highest_level();
#if defined(__x86_64__)
  if (level == silif_level_plain) return silif_level_swift;
#endif
  return level;
}

#if defined(__x86_64__)
#define TO_AVX512(call, ...) \
  if (level >= silif_level_avx512) return call##_avx512(__VA_ARGS__)
#define TO_AVX2(call, ...) \
  if (level >= silif_level_avx2) return call##_avx2(__VA_ARGS__)
#else
#define TO_AVX512(call, ...) (void)level
#define TO_AVX2(call, ...) (void)level
#endif

void silif_sum_rows8(int32_t level, const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                     int32_t *sums) {
  TO_AVX2(silif_sum_rows8, weights, width, active, count, sums);
  silif_sum_rows8_plain(weights, width, active, count, sums);
}

void silif_sum_rows16(int32_t level, const int16_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                      int32_t *sums) {
  TO_AVX2(silif_sum_rows16, weights, width, active, count, sums);
  silif_sum_rows16_plain(weights, width, active, count, sums);
}

void silif_sum_rows4(int32_t level, const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                     int32_t *sums) {
  TO_AVX2(silif_sum_rows4, weights, width, active, count, sums);
  silif_sum_rows4_plain(weights, width, active, count, sums);
}

void silif_sum_dense4(int32_t level, const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                      uint16_t *listed, int32_t *sums) {
  TO_AVX2(silif_sum_dense4, weights, width, frame, inputs, listed, sums);
  silif_sum_dense4_plain(weights, width, frame, inputs, listed, sums);
}

void silif_sum_dense8(int32_t level, const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                      uint16_t *listed, int32_t *sums) {
  TO_AVX2(silif_sum_dense8, weights, width, frame, inputs, listed, sums);
  silif_sum_dense8_plain(weights, width, frame, inputs, listed, sums);
}

void silif_sum_dense16(int32_t level, const int16_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                       uint16_t *listed, int32_t *sums) {
  TO_AVX2(silif_sum_dense16, weights, width, frame, inputs, listed, sums);
  silif_sum_dense16_plain(weights, width, frame, inputs, listed, sums);
}

ptrdiff_t silif_step_silif(int32_t level, silif_neurons *neurons) {
  TO_AVX512(silif_step_silif, neurons);
  TO_AVX2(silif_step_silif, neurons);
  return silif_step_silif_plain(neurons);
}

ptrdiff_t silif_step_csilif(int32_t level, silif_complex_neurons *neurons) {
  TO_AVX512(silif_step_csilif, neurons);
  TO_AVX2(silif_step_csilif, neurons);
  return silif_step_csilif_plain(neurons);
}

ptrdiff_t silif_step_rf(int32_t level, silif_complex_neurons *neurons) {
  TO_AVX512(silif_step_rf, neurons);
  TO_AVX2(silif_step_rf, neurons);
  return silif_step_rf_plain(neurons);
}

void silif_step_readout(int32_t level, silif_readout *readout) {
  TO_AVX2(silif_step_readout, readout);
  silif_step_readout_plain(readout);
}
