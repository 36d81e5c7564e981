// What the variants share: their declarations, and the arithmetic of one neuron.
#ifndef KERNELS_H
#define KERNELS_H

#include "CKernels.h"

#define SILIF_VARIANT(name)                                                                                      \
  void silif_sum_rows8_##name(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,   \
                              int32_t *sums);                                                                    \
  void silif_sum_rows16_##name(const int16_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count, \
                               int32_t *sums);                                                                   \
  void silif_sum_rows4_##name(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,   \
                              int32_t *sums);                                                                    \
  void silif_sum_dense4_##name(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,   \
                               uint16_t *listed, int32_t *sums);                                                 \
  void silif_sum_dense8_##name(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,   \
                               uint16_t *listed, int32_t *sums);                                                 \
  void silif_sum_dense16_##name(const int16_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs, \
                                uint16_t *listed, int32_t *sums);                                                \
  ptrdiff_t silif_step_silif_##name(silif_neurons *neurons);                                                     \
  ptrdiff_t silif_step_csilif_##name(silif_complex_neurons *neurons);                                            \
  ptrdiff_t silif_step_rf_##name(silif_complex_neurons *neurons);                                                \
  void silif_step_readout_##name(silif_readout *readout);

SILIF_VARIANT(plain)
#if defined(__x86_64__)
SILIF_VARIANT(avx2)
ptrdiff_t silif_step_silif_avx512(silif_neurons *neurons);
ptrdiff_t silif_step_csilif_avx512(silif_complex_neurons *neurons);
ptrdiff_t silif_step_rf_avx512(silif_complex_neurons *neurons);
#endif

/// Of states, and of the adaptation, which has 30 more fractional bits.
#define SILIF_STATE_LIMIT ((int64_t)1 << 30)
#define SILIF_ADAPTATION_LIMIT ((int64_t)1 << 60)
/// Rows of 8-bit weights that fit an int16_t sum: 255 * 128 = 32640.
#define SILIF_ROWS_PER_TILE 255
/// Rows of 4-bit weights, as 0...15, that fit a uint8_t sum and a uint16_t sum: 17 * 15 = 255, 4369 * 15 = 65535. No
/// layer has more than 4096 inputs.
#define SILIF_ROWS_PER_BYTE 17

#endif
