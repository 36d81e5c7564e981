// One table of functions for each instruction set, and which of them this processor runs. Set-up chooses one; each call goes
// through it.
#include "kernels.h"

// The groups of kernels.h.
#define BYTE_SUMS(set)                                                                                          \
  .sum_rows8 = silif_sum_rows8_##set, .sum_rows4 = silif_sum_rows4_##set, .sum_dense8 = silif_sum_dense8_##set, \
  .sum_dense4 = silif_sum_dense4_##set
#define HALF_SUMS(set) .sum_rows16 = silif_sum_rows16_##set, .sum_dense16 = silif_sum_dense16_##set
#define NEURONS(set) \
  .step_silif = silif_step_silif_##set, .step_csilif = silif_step_csilif_##set, .step_rf = silif_step_rf_##set
#define LEAKY(set) .step_lif = silif_step_lif_##set, .step_readout = silif_step_readout_##set
#define CUBA(set) .step_cuba = silif_step_cuba_##set
#define SPACES(set) .step_spaces = silif_step_spaces_##set
#define MIXING(set)                                                                               \
  .mix_glu = silif_mix_glu_##set, .mix_gelu = silif_mix_gelu_##set, .sample = silif_sample_##set, \
  .sum_ternary = silif_sum_ternary_##set
#define FRONT_END(set)                                                                                        \
  .emphasise = silif_emphasise_##set, .window = silif_window_##set, .transform256 = silif_transform256_##set, \
  .power = silif_power_##set
#define ALL(set) BYTE_SUMS(set), HALF_SUMS(set), NEURONS(set), LEAKY(set), SPACES(set), MIXING(set), FRONT_END(set)

#if !SILIF_HAS_ONE_SET
/// C for the processor that the build was made for: with SSE2 on x86-64, with NEON on ARM.
static const silif_kernels plain = {.name = "plain", ALL(plain), CUBA(plain)};
#endif

#if SILIF_HAS_NEON
/// The compiler vectorises front end and mixing as well; of 16-bit weights, LIF neurons and readouts a model has few.
static const silif_kernels neon = {.name = "neon",
                                   BYTE_SUMS(neon),
                                   HALF_SUMS(plain),
                                   NEURONS(neon),
                                   LEAKY(plain),
                                   CUBA(plain),
                                   SPACES(neon),
                                   MIXING(plain),
                                   FRONT_END(plain)};
#endif

#if SILIF_HAS_ONE_SET
/// Cortex-M4 and M7. Its functions are called by their names, so that those which nothing calls take no flash.
static const silif_kernels dsp = {.name = "dsp"};
#elif SILIF_HAS_DSP
static const silif_kernels dsp = {.name = "dsp", ALL(dsp), CUBA(plain)};
#endif

#if defined(__x86_64__)
static const silif_kernels avx2 = {.name = "avx2", ALL(avx2), CUBA(avx2)};

/// AVX-512 F, BW, DQ and VL. The sums are as fast as memory in AVX2; LIF neurons and a readout are one product each.
static const silif_kernels avx512 = {.name = "avx512",
                                     BYTE_SUMS(avx2),
                                     HALF_SUMS(avx2),
                                     NEURONS(avx512),
                                     LEAKY(avx2),
                                     CUBA(avx2),
                                     SPACES(avx512),
                                     MIXING(avx512),
                                     FRONT_END(avx512)};

static int runs_avx2(void) { return __builtin_cpu_supports("avx2"); }

static int runs_avx512(void) {
  // With what of AVX2 its table names.
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

static int runs_anywhere(void) { return 1; }

static const struct {
  const silif_kernels *kernels;
  int (*runs)(void);
} sets[] = {
#if !SILIF_HAS_ONE_SET
    {&plain, runs_anywhere},
#endif
#if SILIF_HAS_NEON
    {&neon, runs_anywhere},
#endif
#if SILIF_HAS_DSP
    {&dsp, runs_anywhere},
#endif
#if defined(__x86_64__)
    {&avx2, runs_avx2},      {&avx512, runs_avx512},
#endif
};

const silif_kernels *silif_kernel_set(ptrdiff_t index) {
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    if (sets[i].runs() && index-- == 0) return sets[i].kernels;
  }
  return NULL;
}

const silif_kernels *silif_best_kernel_set(void) {
#if defined(__x86_64__)
  if (runs_avx512()) return &avx512;
  return runs_avx2() ? &avx2 : NULL;
#elif SILIF_HAS_ONE_SET
  return &dsp;
#elif SILIF_HAS_NEON
  return &neon;
#else
  return &plain;
#endif
}

/// The function of a set.
#if SILIF_HAS_ONE_SET
#define OF(kernels, function) ((void)(kernels), silif_##function##_dsp)
#else
#define OF(kernels, function) (kernels)->function
#endif

void silif_sum_rows8(const silif_kernels *kernels, const int8_t *weights, ptrdiff_t width, const uint16_t *active,
                     ptrdiff_t count, int32_t *sums) {
  OF(kernels, sum_rows8)(weights, width, active, count, sums);
}

void silif_sum_rows16(const silif_kernels *kernels, const int16_t *weights, ptrdiff_t width, const uint16_t *active,
                      ptrdiff_t count, int32_t *sums) {
  OF(kernels, sum_rows16)(weights, width, active, count, sums);
}

void silif_sum_rows4(const silif_kernels *kernels, const int8_t *weights, ptrdiff_t width, const uint16_t *active,
                     ptrdiff_t count, int32_t *sums) {
  OF(kernels, sum_rows4)(weights, width, active, count, sums);
}

void silif_sum_dense8(const silif_kernels *kernels, const int8_t *weights, ptrdiff_t width, const int16_t *frame,
                      ptrdiff_t inputs, uint16_t *listed, int32_t *sums) {
  OF(kernels, sum_dense8)(weights, width, frame, inputs, listed, sums);
}

void silif_sum_dense16(const silif_kernels *kernels, const int16_t *weights, ptrdiff_t width, const int16_t *frame,
                       ptrdiff_t inputs, uint16_t *listed, int32_t *sums) {
  OF(kernels, sum_dense16)(weights, width, frame, inputs, listed, sums);
}

void silif_sum_dense4(const silif_kernels *kernels, const int8_t *weights, ptrdiff_t width, const int16_t *frame,
                      ptrdiff_t inputs, uint16_t *listed, int32_t *sums) {
  OF(kernels, sum_dense4)(weights, width, frame, inputs, listed, sums);
}

ptrdiff_t silif_step_silif(const silif_kernels *kernels, silif_neurons *neurons) {
  return OF(kernels, step_silif)(neurons);
}

ptrdiff_t silif_step_csilif(const silif_kernels *kernels, silif_complex_neurons *neurons) {
  return OF(kernels, step_csilif)(neurons);
}

ptrdiff_t silif_step_rf(const silif_kernels *kernels, silif_complex_neurons *neurons) {
  return OF(kernels, step_rf)(neurons);
}

ptrdiff_t silif_step_lif(const silif_kernels *kernels, silif_lif_neurons *neurons) {
  return OF(kernels, step_lif)(neurons);
}

/// The dsp set has none of its own.
ptrdiff_t silif_step_cuba(const silif_kernels *kernels, silif_cuba_neurons *neurons) {
#if SILIF_HAS_ONE_SET
  (void)kernels;
  return silif_step_cuba_plain(neurons);
#else
  return kernels->step_cuba(neurons);
#endif
}

void silif_step_readout(const silif_kernels *kernels, silif_readout *readout) { OF(kernels, step_readout)(readout); }

void silif_step_spaces(const silif_kernels *kernels, silif_state_spaces *spaces) { OF(kernels, step_spaces)(spaces); }

void silif_mix_glu(const silif_kernels *kernels, silif_mixing *mixing) { OF(kernels, mix_glu)(mixing); }

void silif_mix_gelu(const silif_kernels *kernels, silif_mixing *mixing) { OF(kernels, mix_gelu)(mixing); }

void silif_sample(const silif_kernels *kernels, silif_sampling *sampling) { OF(kernels, sample)(sampling); }

void silif_sum_ternary(const silif_kernels *kernels, silif_ternary *sums) { OF(kernels, sum_ternary)(sums); }

int32_t silif_emphasise(const silif_kernels *kernels, const int16_t *samples, ptrdiff_t count, int32_t preemphasis_q15,
                        int32_t mean_term_q15, int32_t *output_q15) {
  return OF(kernels, emphasise)(samples, count, preemphasis_q15, mean_term_q15, output_q15);
}

void silif_window(const silif_kernels *kernels, const int32_t *samples, ptrdiff_t half, const int32_t *window_q24,
                  int32_t shift, int32_t *output) {
  OF(kernels, window)(samples, half, window_q24, shift, output);
}

void silif_transform256(const silif_kernels *kernels, int32_t *data, int32_t *scratch, const int32_t *roots) {
  OF(kernels, transform256)(data, scratch, roots);
}

void silif_power(const silif_kernels *kernels, const int32_t *z, const int32_t *roots, int64_t *power) {
  OF(kernels, power)(z, roots, power);
}
