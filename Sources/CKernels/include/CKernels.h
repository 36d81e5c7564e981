// The inner loops of the engine in C, for processors whose vector units Swift does not reach. Each has a twin in Swift
// that defines what it computes; tests hold all of them equal to it, bit for bit.
//
// Tables are those of a layer (docs/MODEL-FORMAT.md, section LAYR): `width` elements, a multiple of 16, and
// within the bounds of docs/ARITHMETIC.md. Nothing here allocates, locks, traps or calls out.
//
// Twins: Sources/SiLIF/Kinds, Sources/SiLIF/Connection, Sources/LogMel, tools/tests/test_kernels.py
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
#define _Nullable
#endif

/// Whether there is one set alone, whose functions are called without a look into its table: on Cortex-M with the DSP extension.
/// There is no flash for loops that nothing calls.
#if defined(__ARM_FEATURE_DSP) && __ARM_ARCH_PROFILE == 'M'
#define SILIF_HAS_ONE_SET 1
#else
#define SILIF_HAS_ONE_SET 0
#endif

/// How complete sums become currents.
typedef struct {
  const int32_t *sums;
  const int32_t *mantissa;
  const uint8_t *shift;
  const int32_t *bias_qF8;
} silif_current;

/// One step of spiking neurons (Sources/SiLIF/Kinds). The `saturated` of each struct grows by the number of sums that
/// were clamped.
typedef struct {
  silif_current current;
  const int32_t *decay_q30;
  const int32_t *input_gain_q30;
  const int32_t *leak_mantissa;
  const uint8_t *leak_shift;
  const int32_t *subthreshold_coupling_q30;
  const int32_t *spike_coupling_qF;
  int32_t *membrane_qF;
  int64_t *adaptation_qF30;
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
  const int32_t *decay_real_q30;
  const int32_t *decay_imaginary_q30;
  int32_t *real_qF;
  int32_t *imaginary_qF;
  uint8_t *spiked;
  uint16_t *active;
  ptrdiff_t width;
  int32_t state_fraction_bits;
  int64_t saturated;
} silif_complex_neurons;

typedef struct {
  silif_current current;
  const int32_t *decay_q30;
  int32_t *membrane_qF;
  uint8_t *spiked;
  uint16_t *active;
  ptrdiff_t width;
  int32_t state_fraction_bits;
  int64_t saturated;
} silif_lif_neurons;

typedef struct {
  silif_current current;
  const int32_t *decay_q30;
  const int32_t *synapse_decay_q30;
  const int32_t *spike_decay_q30;
  const int32_t *spike_offset_qF;
  /// 0 or 1
  const uint8_t *input_after_spike;
  const int32_t *threshold_qF;
  const int32_t *membrane_bias_qF8;
  int32_t *membrane_qF;
  int32_t *synapse_qF;
  uint8_t *spiked;
  uint16_t *active;
  ptrdiff_t width;
  int64_t saturated;
} silif_cuba_neurons;

typedef struct {
  silif_current current;
  const int32_t *decay_q30;
  int32_t *membrane_qF;
  ptrdiff_t width;
  int64_t saturated;
} silif_readout;

/// The state spaces of a block (Sources/SiLIF/Kinds/Blocks/StateSpace.swift).
typedef struct {
  /// [width][pairs][2], and gain [width][pairs].
  const int32_t *decay;
  const int32_t *gain;
  const int16_t *output;
  const uint8_t *output_shift;
  const int32_t *skip;
  int32_t *states;
  /// x of each channel; receives y.
  int32_t *values;
  ptrdiff_t width;
  ptrdiff_t pairs;
  int64_t saturated;
} silif_state_spaces;

/// What a block adds to the stream: values times their gates (Sources/SiLIF/Kinds/Blocks).
typedef struct {
  /// With two branches, values and then gates, [width] each.
  silif_current current;
  const int32_t *from_qF;
  int32_t *to_qF;
  ptrdiff_t width;
  int32_t state_fraction_bits;
  int64_t saturated;
} silif_mixing;

/// Spikes that are drawn with the probabilities of values (Sources/SiLIF/Kinds/Blocks/PSpikeBlock.swift).
typedef struct {
  const int32_t *values_qF;
  const int32_t *mantissa;
  const uint8_t *shift;
  const int32_t *bias_q16;
  /// Of error feedback, which draws no numbers; else null.
  int32_t *_Nullable errors_q16;
  uint8_t *spiked;
  uint64_t seed;
  uint64_t step;
  ptrdiff_t width;
  uint32_t site;
  int32_t state_fraction_bits;
  /// Whether GELU comes before the probability.
  int32_t is_activated;
  /// Whether one number serves all neurons.
  int32_t is_shared;
} silif_sampling;

/// Values added up at the weights that are large enough, with the weight's sign (Sources/SiLIF/Kinds/Blocks/GSUBlock.swift).
typedef struct {
  /// As of the sums of weight rows, of so many bits.
  const void *rows;
  const int16_t *threshold;
  const int32_t *values_qF;
  int64_t *sums_qF;
  ptrdiff_t inputs;
  ptrdiff_t width;
  int32_t bits;
} silif_ternary;

// The functions of a set, by what they take.

/// Sums of weight rows of one byte a weight or a pair of them: sums[j] = sum over k < count of weights[active[k]*width + j].
typedef void silif_byte_rows(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                             int32_t *sums);
/// The same with 16-bit weights.
typedef void silif_half_rows(const int16_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                             int32_t *sums);
/// Sums of weight rows times the frame's values: sums[j] = sum over i < inputs of frame[i] * weights[i*width + j].
/// Rows whose value is zero are passed over. `listed` is scratch for `inputs` indices.
typedef void silif_byte_frame(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                              uint16_t *listed, int32_t *sums);
/// The same with 16-bit weights.
typedef void silif_half_frame(const int16_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                              uint16_t *listed, int32_t *sums);
/// One step of neurons. Returns how many fired.
typedef ptrdiff_t silif_neuron_step(silif_neurons *neurons);
typedef ptrdiff_t silif_complex_neuron_step(silif_complex_neurons *neurons);
typedef ptrdiff_t silif_lif_step(silif_lif_neurons *neurons);
typedef ptrdiff_t silif_cuba_step(silif_cuba_neurons *neurons);
typedef void silif_readout_step(silif_readout *readout);
typedef void silif_space_step(silif_state_spaces *spaces);
typedef void silif_mixing_step(silif_mixing *mixing);
typedef void silif_sampling_step(silif_sampling *sampling);
typedef void silif_ternary_rows(silif_ternary *sums);

// The front end (Sources/LogMel; docs/FRONT-END.md). Each but the first is a whole stage.

/// Writes the emphasised samples and returns all their magnitudes or-ed together. `mean_term_q15` is (1 - c) * mean.
typedef int32_t silif_emphasis(const int16_t *samples, ptrdiff_t count, int32_t preemphasis_q15, int32_t mean_term_q15,
                               int32_t *output_q15);
/// `half` samples of even and as many of odd index, each times its weight and shifted right by 16...32 bits, to the
/// first and the second 256 values of the output; zeros after them.
typedef void silif_windowing(const int32_t *samples, ptrdiff_t half, const int32_t *window_q24, int32_t shift,
                             int32_t *output);
/// 256 complex points in place; `scratch` is as large, 512 values.
typedef void silif_transform(int32_t *data, int32_t *scratch, const int32_t *roots);
/// 256 powers out of 256 complex points.
typedef void silif_powers(const int32_t *z, const int32_t *roots, int64_t *power);

/// All kernels for an instruction set. A set that has no function of its own for something names another set's.
typedef struct {
  const char *name;
  silif_byte_rows *sum_rows8;
  silif_half_rows *sum_rows16;
  /// 4-bit weights, two a byte, rows of width/2 bytes: the low nibble of byte k is the weight to output k, the high one the
  /// weight to output width/2 + k.
  silif_byte_rows *sum_rows4;
  silif_byte_frame *sum_dense8;
  silif_half_frame *sum_dense16;
  silif_byte_frame *sum_dense4;
  silif_neuron_step *step_silif;
  silif_complex_neuron_step *step_csilif;
  silif_complex_neuron_step *step_rf;
  silif_lif_step *step_lif;
  silif_cuba_step *step_cuba;
  silif_readout_step *step_readout;
  silif_space_step *step_spaces;
  silif_mixing_step *mix_glu;
  silif_mixing_step *mix_gelu;
  silif_sampling_step *sample;
  silif_ternary_rows *sum_ternary;
  silif_emphasis *emphasise;
  silif_windowing *window;
  silif_transform *transform256;
  silif_powers *power;
} silif_kernels;

/// The sets that this processor and its operating system can run, in no order of worth: index 0 and up, null after the last.
/// For set-up: it asks the processor.
const silif_kernels *_Nullable silif_kernel_set(ptrdiff_t index);
/// The fastest of them. Null where the loops in Swift are faster than all: with SSE2 alone.
const silif_kernels *_Nullable silif_best_kernel_set(void);

// Calls of a set's functions, which Swift cannot make through a pointer where it has to prove that nothing locks.

SILIF_STEP void silif_sum_rows8(const silif_kernels *kernels, const int8_t *weights, ptrdiff_t width,
                                const uint16_t *active, ptrdiff_t count, int32_t *sums);
SILIF_STEP void silif_sum_rows16(const silif_kernels *kernels, const int16_t *weights, ptrdiff_t width,
                                 const uint16_t *active, ptrdiff_t count, int32_t *sums);
SILIF_STEP void silif_sum_rows4(const silif_kernels *kernels, const int8_t *weights, ptrdiff_t width,
                                const uint16_t *active, ptrdiff_t count, int32_t *sums);
SILIF_STEP void silif_sum_dense8(const silif_kernels *kernels, const int8_t *weights, ptrdiff_t width,
                                 const int16_t *frame, ptrdiff_t inputs, uint16_t *listed, int32_t *sums);
SILIF_STEP void silif_sum_dense16(const silif_kernels *kernels, const int16_t *weights, ptrdiff_t width,
                                  const int16_t *frame, ptrdiff_t inputs, uint16_t *listed, int32_t *sums);
SILIF_STEP void silif_sum_dense4(const silif_kernels *kernels, const int8_t *weights, ptrdiff_t width,
                                 const int16_t *frame, ptrdiff_t inputs, uint16_t *listed, int32_t *sums);
SILIF_STEP ptrdiff_t silif_step_silif(const silif_kernels *kernels, silif_neurons *neurons);
SILIF_STEP ptrdiff_t silif_step_csilif(const silif_kernels *kernels, silif_complex_neurons *neurons);
SILIF_STEP ptrdiff_t silif_step_rf(const silif_kernels *kernels, silif_complex_neurons *neurons);
SILIF_STEP ptrdiff_t silif_step_lif(const silif_kernels *kernels, silif_lif_neurons *neurons);
SILIF_STEP ptrdiff_t silif_step_cuba(const silif_kernels *kernels, silif_cuba_neurons *neurons);
SILIF_STEP void silif_step_readout(const silif_kernels *kernels, silif_readout *readout);
SILIF_STEP void silif_step_spaces(const silif_kernels *kernels, silif_state_spaces *spaces);
SILIF_STEP void silif_mix_glu(const silif_kernels *kernels, silif_mixing *mixing);
SILIF_STEP void silif_mix_gelu(const silif_kernels *kernels, silif_mixing *mixing);
SILIF_STEP void silif_sample(const silif_kernels *kernels, silif_sampling *sampling);
SILIF_STEP void silif_sum_ternary(const silif_kernels *kernels, silif_ternary *sums);
SILIF_STEP int32_t silif_emphasise(const silif_kernels *kernels, const int16_t *samples, ptrdiff_t count,
                                   int32_t preemphasis_q15, int32_t mean_term_q15, int32_t *output_q15);
SILIF_STEP void silif_window(const silif_kernels *kernels, const int32_t *samples, ptrdiff_t half,
                             const int32_t *window_q24, int32_t shift, int32_t *output);
SILIF_STEP void silif_transform256(const silif_kernels *kernels, int32_t *data, int32_t *scratch, const int32_t *roots);
SILIF_STEP void silif_power(const silif_kernels *kernels, const int32_t *z, const int32_t *roots, int64_t *power);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
