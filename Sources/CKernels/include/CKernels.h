// The inner loops of the engine in C, for processors whose vector units Swift does not reach. Each has a twin in Swift
// that defines what it computes; tests hold all of them equal to it, bit for bit.
//
// Tables are those of LayerParameters (docs/MODEL-FORMAT.md, section LAYR): `width` elements, a multiple of 16, and
// within the bounds of docs/ARITHMETIC.md. Nothing here allocates, locks, traps or calls out.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
// What Swift asks of a function called from one that is itself marked so. tools/tests/test_emitted_code.py looks into the program.
#define SILIF_STEP __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))
#else
#define SILIF_STEP
#endif

/// Instruction sets, each containing the ones before.
enum {
  /// None of these kernels: the loops in Swift.
  silif_level_swift = 0,
  /// C for the processor that the build was made for: SSE2 on x86-64, NEON on ARM.
  silif_level_plain = 1,
  silif_level_avx2 = 2,
  /// AVX-512 F, BW, DQ and VL.
  silif_level_avx512 = 3,
};

/// The highest level that this processor and its operating system can run. For set-up: it asks the processor.
int32_t silif_highest_level(void);
/// The fastest of them: the highest, except that with SSE2 alone the loops in Swift are faster than those in C.
int32_t silif_best_level(void);

/// Sums of 8-bit weight rows: sums[j] = sum over k < count of weights[active[k]*width + j].
SILIF_STEP void silif_sum_rows8(int32_t level, const int8_t *weights, ptrdiff_t width, const uint16_t *active,
                                ptrdiff_t count, int32_t *sums);
/// The same with 16-bit weights.
SILIF_STEP void silif_sum_rows16(int32_t level, const int16_t *weights, ptrdiff_t width, const uint16_t *active,
                                 ptrdiff_t count, int32_t *sums);
/// The same with 4-bit weights, two a byte, rows of width/2 bytes: the low nibble of byte k is the weight to output k, the
/// high one the weight to output width/2 + k.
SILIF_STEP void silif_sum_rows4(int32_t level, const int8_t *weights, ptrdiff_t width, const uint16_t *active,
                                ptrdiff_t count, int32_t *sums);
/// Sums of weight rows times the frame's values: sums[j] = sum over i < inputs of frame[i] * weights[i*width + j].
/// Rows whose value is zero are passed over. `listed` is scratch for `inputs` indices.
SILIF_STEP void silif_sum_dense8(int32_t level, const int8_t *weights, ptrdiff_t width, const int16_t *frame,
                                 ptrdiff_t inputs, uint16_t *listed, int32_t *sums);
SILIF_STEP void silif_sum_dense16(int32_t level, const int16_t *weights, ptrdiff_t width, const int16_t *frame,
                                  ptrdiff_t inputs, uint16_t *listed, int32_t *sums);
SILIF_STEP void silif_sum_dense4(int32_t level, const int8_t *weights, ptrdiff_t width, const int16_t *frame,
                                 ptrdiff_t inputs, uint16_t *listed, int32_t *sums);

/// How complete sums become currents.
typedef struct {
  const int32_t *sums;
  const int32_t *mantissa;
  const uint8_t *shift;
  const int32_t *bias;
} silif_current;

/// One step of spiking neurons (Sources/SiLIF/Neurons). The `saturated` of each struct grows by the number of sums that
/// were clamped.
typedef struct {
  silif_current current;
  const int32_t *decay;
  const int32_t *input_gain;
  const int32_t *leak_mantissa;
  const uint8_t *leak_shift;
  const int32_t *subthreshold;
  const int32_t *spike_coupling;
  int32_t *membrane;
  int64_t *adaptation;
  /// 0 or 1: the last step's, then this one's.
  uint8_t *spiked;
  /// Receives the indices of the neurons that fired, ascending; room for `width`.
  uint16_t *active;
  ptrdiff_t width;
  int32_t state_fraction_bits;
  int64_t saturated;
} silif_neurons;

typedef struct {
  silif_current current;
  const int32_t *decay_real;
  const int32_t *decay_imaginary;
  int32_t *real;
  int32_t *imaginary;
  uint8_t *spiked;
  uint16_t *active;
  ptrdiff_t width;
  int32_t state_fraction_bits;
  int64_t saturated;
} silif_complex_neurons;

typedef struct {
  silif_current current;
  const int32_t *decay;
  int32_t *membrane;
  ptrdiff_t width;
  int64_t saturated;
} silif_readout;

/// Each returns how many neurons fired.
SILIF_STEP ptrdiff_t silif_step_silif(int32_t level, silif_neurons *neurons);
SILIF_STEP ptrdiff_t silif_step_csilif(int32_t level, silif_complex_neurons *neurons);
SILIF_STEP ptrdiff_t silif_step_rf(int32_t level, silif_complex_neurons *neurons);
SILIF_STEP void silif_step_readout(int32_t level, silif_readout *readout);

// The front end (Sources/LogMel; docs/FRONT-END.md). Each but the first is a whole stage.

/// Writes the emphasised samples and returns all their magnitudes or-ed together. `mean_term_q15` is (1 - c) * mean.
SILIF_STEP int32_t silif_emphasise(int32_t level, const int16_t *samples, ptrdiff_t count, int32_t preemphasis_q15,
                                   int32_t mean_term_q15, int32_t *output_q15);
/// `half` samples of even and as many of odd index, each times its weight and shifted right by 16...32 bits, to the
/// first and the second 256 values of the output; zeros after them.
SILIF_STEP void silif_window(int32_t level, const int32_t *samples, ptrdiff_t half, const int32_t *window_q24,
                             int32_t shift, int32_t *output);
/// 256 complex points in place; `scratch` is as large, 512 values.
SILIF_STEP void silif_transform256(int32_t level, int32_t *data, int32_t *scratch, const int32_t *roots);
/// 256 powers out of 256 complex points.
SILIF_STEP void silif_power(int32_t level, const int32_t *z, const int32_t *roots, int64_t *power);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
