// What the sets share: their functions' declarations, and limits.
#ifndef KERNELS_H
#define KERNELS_H

#include "CKernels.h"

/// The DSP extension of ARMv7, for dsp.c.
#if defined(__thumb2__) && defined(__ARM_FEATURE_DSP)
#define SILIF_HAS_DSP 1
#else
#define SILIF_HAS_DSP 0
#endif

#if defined(__ARM_NEON)
#define SILIF_HAS_NEON 1
#else
#define SILIF_HAS_NEON 0
#endif

/// Each kernel begins with a cache line: so what it costs does not depend on what the linker puts before it, which without
/// this made up to 4 % of a step.
///
/// Not where there is one set alone: a microcontroller without a cache, whose flash is small.
#if SILIF_HAS_ONE_SET
#define SILIF_KERNEL
#else
#define SILIF_KERNEL __attribute__((aligned(64)))
#endif

// The functions of a set, in groups of which a set has all or none. kernel_sets.c makes its tables of the same groups.
#define SILIF_BYTE_SUMS(set)                                    \
  silif_byte_rows silif_sum_rows4_##set, silif_sum_rows8_##set; \
  silif_byte_frame silif_sum_dense4_##set, silif_sum_dense8_##set;
#define SILIF_HALF_SUMS(set)              \
  silif_half_rows silif_sum_rows16_##set; \
  silif_half_frame silif_sum_dense16_##set;
#define SILIF_NEURONS(set)                  \
  silif_neuron_step silif_step_silif_##set; \
  silif_complex_neuron_step silif_step_csilif_##set, silif_step_rf_##set;
#define SILIF_SPACES(set) silif_space_step silif_step_spaces_##set;
#define SILIF_MIXING(set)                                      \
  silif_mixing_step silif_mix_glu_##set, silif_mix_gelu_##set; \
  silif_sampling_step silif_sample_##set;                      \
  silif_ternary_rows silif_sum_ternary_##set;
// One product each.
#define SILIF_LEAKY(set)               \
  silif_lif_step silif_step_lif_##set; \
  silif_readout_step silif_step_readout_##set;
#define SILIF_CUBA(set) silif_cuba_step silif_step_cuba_##set;
#define SILIF_FRONT_END(set)                \
  silif_emphasis silif_emphasise_##set;     \
  silif_windowing silif_window_##set;       \
  silif_transform silif_transform256_##set; \
  silif_powers silif_power_##set;
#define SILIF_ALL(set) \
  SILIF_BYTE_SUMS(set) \
  SILIF_HALF_SUMS(set) \
  SILIF_NEURONS(set)   \
  SILIF_LEAKY(set)     \
  SILIF_SPACES(set)    \
  SILIF_MIXING(set)    \
  SILIF_FRONT_END(set)

SILIF_ALL(plain)
SILIF_CUBA(plain)
#if defined(__x86_64__)
SILIF_ALL(avx2)
SILIF_CUBA(avx2)
SILIF_NEURONS(avx512)
SILIF_SPACES(avx512)
SILIF_MIXING(avx512)
SILIF_FRONT_END(avx512)
#endif
#if SILIF_HAS_NEON
SILIF_BYTE_SUMS(neon)
SILIF_NEURONS(neon)
SILIF_SPACES(neon)
#endif
#if SILIF_HAS_DSP
SILIF_ALL(dsp)
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
