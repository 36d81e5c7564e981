// Plain C: vectors of the compiler's own for the sums, which every instruction set has, and loops for the neurons, which
// the compiler vectorises where it can (64-bit shifts and signed products: NEON has them, SSE2 has not).
//
// Twins: Sources/SiLIF/Kinds, Sources/SiLIF/Connection
#include "arithmetic.h"
#include "kernels.h"

#define INLINE static inline __attribute__((always_inline))

typedef int8_t bytes16 __attribute__((vector_size(16)));
typedef int16_t halves16 __attribute__((vector_size(32)));
typedef int32_t words16 __attribute__((vector_size(64)));
typedef int8_t bytes8 __attribute__((vector_size(8)));
typedef uint8_t ubytes8 __attribute__((vector_size(8)));
typedef uint16_t unsigned8 __attribute__((vector_size(16)));
typedef int32_t words8 __attribute__((vector_size(32)));

static inline ptrdiff_t list_active(const uint8_t *spiked, ptrdiff_t width, uint16_t *active) {
  ptrdiff_t count = 0;
  for (ptrdiff_t i = 0; i < width; i++) {
    active[count] = (uint16_t)i;
    count += spiked[i];
  }
  return count;
}

/// `groups` (a constant) times 16 outputs, whose sums stay in registers whatever the number of rows.
INLINE void sum_groups8(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count, int32_t *sums,
                        int groups) {
  words16 totals[4];
  for (int i = 0; i < groups; i++) totals[i] = (words16){0};
  for (ptrdiff_t start = 0; start < count; start += SILIF_ROWS_PER_TILE) {
    ptrdiff_t end = count - start < SILIF_ROWS_PER_TILE ? count : start + SILIF_ROWS_PER_TILE;
    halves16 tile[4];
    for (int i = 0; i < groups; i++) tile[i] = (halves16){0};
    for (ptrdiff_t k = start; k < end; k++) {
      const int8_t *row = weights + active[k] * width;
      for (int i = 0; i < groups; i++) {
        bytes16 bytes;
        __builtin_memcpy(&bytes, row + 16 * i, sizeof bytes);
        tile[i] += __builtin_convertvector(bytes, halves16);
      }
    }
    for (int i = 0; i < groups; i++) totals[i] += __builtin_convertvector(tile[i], words16);
  }
  for (int i = 0; i < groups; i++) __builtin_memcpy(sums + 16 * i, &totals[i], sizeof totals[i]);
}

SILIF_KERNEL void silif_sum_rows8_plain(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                                        int32_t *sums) {
  ptrdiff_t j = 0;
  for (; j + 64 <= width; j += 64) sum_groups8(weights + j, width, active, count, sums + j, 4);
  for (; j < width; j += 16) sum_groups8(weights + j, width, active, count, sums + j, 1);
}

SILIF_KERNEL void silif_sum_rows16_plain(const int16_t *weights, ptrdiff_t width, const uint16_t *active,
                                         ptrdiff_t count, int32_t *sums) {
  for (ptrdiff_t j = 0; j < width; j += 16) {
    words16 totals = {0};
    for (ptrdiff_t k = 0; k < count; k++) {
      halves16 halves;
      __builtin_memcpy(&halves, weights + active[k] * width + j, sizeof halves);
      totals += __builtin_convertvector(halves, words16);
    }
    __builtin_memcpy(sums + j, &totals, sizeof totals);
  }
}

/// Eight bytes hold 8 weights to outputs k... and 8 to outputs width/2 + k...; their nibbles as 0...15 are added, and
/// what makes them so is taken off at the end.
SILIF_KERNEL void silif_sum_rows4_plain(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                                        int32_t *sums) {
  ptrdiff_t half = width / 2;
  for (ptrdiff_t k = 0; k < half; k += 8) {
    unsigned8 low = {0}, high = {0};
    for (ptrdiff_t start = 0; start < count; start += SILIF_ROWS_PER_BYTE) {
      ptrdiff_t end = count - start < SILIF_ROWS_PER_BYTE ? count : start + SILIF_ROWS_PER_BYTE;
      ubytes8 low_tile = {0}, high_tile = {0};
      for (ptrdiff_t position = start; position < end; position++) {
        ubytes8 bytes;
        __builtin_memcpy(&bytes, weights + active[position] * half + k, sizeof bytes);
        bytes ^= 0x88;
        low_tile += bytes & 0x0F;
        high_tile += bytes >> 4;
      }
      low += __builtin_convertvector(low_tile, unsigned8);
      high += __builtin_convertvector(high_tile, unsigned8);
    }
    words8 low_sums = __builtin_convertvector(low, words8) - (int32_t)(8 * count);
    words8 high_sums = __builtin_convertvector(high, words8) - (int32_t)(8 * count);
    __builtin_memcpy(sums + k, &low_sums, sizeof low_sums);
    __builtin_memcpy(sums + half + k, &high_sums, sizeof high_sums);
  }
}

static inline ptrdiff_t list_non_zero(const int16_t *frame, ptrdiff_t inputs, uint16_t *listed) {
  ptrdiff_t count = 0;
  for (ptrdiff_t i = 0; i < inputs; i++) {
    listed[count] = (uint16_t)i;
    count += frame[i] != 0;
  }
  return count;
}

// Sums stay within int32_t in every order: Sum|W|*limit was checked at load.
SILIF_KERNEL void silif_sum_dense8_plain(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                                         uint16_t *listed, int32_t *restrict sums) {
  ptrdiff_t count = list_non_zero(frame, inputs, listed);
  for (ptrdiff_t j = 0; j < width; j += 16) {
    int32_t totals[16] = {0};
    for (ptrdiff_t k = 0; k < count; k++) {
      const int8_t *row = weights + listed[k] * width + j;
      int16_t value = frame[listed[k]];
      for (int i = 0; i < 16; i++) totals[i] += (int16_t)row[i] * value;
    }
    for (int i = 0; i < 16; i++) sums[j + i] = totals[i];
  }
}

SILIF_KERNEL void silif_sum_dense4_plain(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                                         uint16_t *listed, int32_t *sums) {
  ptrdiff_t count = list_non_zero(frame, inputs, listed);
  ptrdiff_t half = width / 2;
  for (ptrdiff_t j = 0; j < half; j += 8) {
    words8 low = {0}, high = {0};
    for (ptrdiff_t k = 0; k < count; k++) {
      bytes8 bytes;
      __builtin_memcpy(&bytes, weights + listed[k] * half + j, sizeof bytes);
      words8 pairs = __builtin_convertvector(bytes, words8);
      int32_t value = frame[listed[k]];
      // The low nibble's own top bit becomes the sign.
      low += (((pairs & 15) ^ 8) - 8) * value;
      high += (pairs >> 4) * value;
    }
    __builtin_memcpy(sums + j, &low, sizeof low);
    __builtin_memcpy(sums + half + j, &high, sizeof high);
  }
}

SILIF_KERNEL void silif_sum_dense16_plain(const int16_t *weights, ptrdiff_t width, const int16_t *frame,
                                          ptrdiff_t inputs, uint16_t *listed, int32_t *restrict sums) {
  ptrdiff_t count = list_non_zero(frame, inputs, listed);
  for (ptrdiff_t j = 0; j < width; j += 16) {
    int32_t totals[16] = {0};
    for (ptrdiff_t k = 0; k < count; k++) {
      const int16_t *row = weights + listed[k] * width + j;
      int16_t value = frame[listed[k]];
      for (int i = 0; i < 16; i++) totals[i] += row[i] * value;
    }
    for (int i = 0; i < 16; i++) sums[j + i] = totals[i];
  }
}

/// Pointers as parameters, because only those can say `restrict`, without which nothing vectorises.
static int64_t silif_loop(ptrdiff_t width, int32_t one, const int32_t *restrict sums, const int32_t *restrict mantissa,
                          const uint8_t *restrict shift, const int32_t *restrict bias, const int32_t *restrict decay,
                          const int32_t *restrict gain, const int32_t *restrict leak_mantissa,
                          const uint8_t *restrict leak_shift, const int32_t *restrict subthreshold,
                          const int32_t *restrict coupling, int32_t *restrict membrane, int64_t *restrict adaptation,
                          uint8_t *restrict spiked) {
  int64_t saturated = 0;
  for (ptrdiff_t i = 0; i < width; i++) {
    int32_t u = membrane[i];
    int32_t s = spiked[i];
    int64_t w = adaptation[i];
    int64_t leak = rounded_variable_shift((int64_t)leak_mantissa[i] * (int32_t)rounded_shift(w, 30), leak_shift[i]);
    int64_t adapted = w - leak + (int64_t)subthreshold[i] * u + (int64_t)coupling[i] * (s << 30);
    int64_t new_w = clamped(adapted, SILIF_ADAPTATION_LIMIT);
    int64_t sum = (int64_t)decay[i] * (u - s * one) - (int64_t)gain[i] * (int32_t)rounded_shift(new_w, 30) +
                  aligned_current(sums[i], mantissa[i], shift[i], bias[i]);
    int64_t free_u = rounded_shift(sum, 30);
    int32_t new_u = (int32_t)clamped(free_u, SILIF_STATE_LIMIT);
    saturated += (new_w != adapted) + (new_u != free_u);
    adaptation[i] = new_w;
    membrane[i] = new_u;
    spiked[i] = new_u > one;
  }
  return saturated;
}

SILIF_KERNEL ptrdiff_t silif_step_silif_plain(silif_neurons *n) {
  n->saturated +=
      silif_loop(n->width, (int32_t)1 << n->state_fraction_bits, n->current.sums, n->current.mantissa, n->current.shift,
                 n->current.bias_qF8, n->decay_q30, n->input_gain_q30, n->leak_mantissa, n->leak_shift,
                 n->subthreshold_coupling_q30, n->spike_coupling_qF, n->membrane_qF, n->adaptation_qF30, n->spiked);
  return list_active(n->spiked, n->width, n->active);
}

/// C-SiLIF takes half a threshold from Re u before the rotation; RF takes one after it.
INLINE int64_t complex_loop(ptrdiff_t width, int32_t threshold, int is_rf, const int32_t *restrict sums,
                            const int32_t *restrict mantissa, const uint8_t *restrict shift,
                            const int32_t *restrict bias, const int32_t *restrict decay_real,
                            const int32_t *restrict decay_imaginary, int32_t *restrict real,
                            int32_t *restrict imaginary, uint8_t *restrict spiked) {
  int64_t saturated = 0;
  for (ptrdiff_t i = 0; i < width; i++) {
    int32_t reset = spiked[i] * threshold;
    int32_t re = is_rf ? real[i] : real[i] - reset;
    int32_t im = imaginary[i];
    int64_t sum_re = (int64_t)decay_real[i] * re - (int64_t)decay_imaginary[i] * im +
                     aligned_current(sums[i], mantissa[i], shift[i], bias[i]) -
                     (is_rf ? (int64_t)reset * ((int64_t)1 << 30) : 0);
    int64_t sum_im = (int64_t)decay_imaginary[i] * re + (int64_t)decay_real[i] * im;
    int64_t free_re = rounded_shift(sum_re, 30);
    int64_t free_im = rounded_shift(sum_im, 30);
    int32_t new_re = (int32_t)clamped(free_re, SILIF_STATE_LIMIT);
    int32_t new_im = (int32_t)clamped(free_im, SILIF_STATE_LIMIT);
    saturated += (new_re != free_re) + (new_im != free_im);
    real[i] = new_re;
    imaginary[i] = new_im;
    spiked[i] = new_re > threshold;
  }
  return saturated;
}

INLINE ptrdiff_t complex_step(silif_complex_neurons *n, int is_rf) {
  int32_t threshold = (int32_t)1 << (n->state_fraction_bits - (is_rf ? 0 : 1));
  n->saturated += complex_loop(n->width, threshold, is_rf, n->current.sums, n->current.mantissa, n->current.shift,
                               n->current.bias_qF8, n->decay_real_q30, n->decay_imaginary_q30, n->real_qF,
                               n->imaginary_qF, n->spiked);
  return list_active(n->spiked, n->width, n->active);
}

SILIF_KERNEL ptrdiff_t silif_step_csilif_plain(silif_complex_neurons *n) { return complex_step(n, 0); }

SILIF_KERNEL ptrdiff_t silif_step_rf_plain(silif_complex_neurons *n) { return complex_step(n, 1); }

/// As `silif_loop`, with one state.
static int64_t lif_loop(ptrdiff_t width, int32_t one, const int32_t *restrict sums, const int32_t *restrict mantissa,
                        const uint8_t *restrict shift, const int32_t *restrict bias, const int32_t *restrict decay,
                        int32_t *restrict membrane, uint8_t *restrict spiked) {
  int64_t saturated = 0;
  for (ptrdiff_t i = 0; i < width; i++) {
    int64_t sum = (int64_t)decay[i] * membrane[i] + aligned_current(sums[i], mantissa[i], shift[i], bias[i]) -
                  (int64_t)(spiked[i] * one) * ((int64_t)1 << 30);
    int64_t free_u = rounded_shift(sum, 30);
    int32_t new_u = (int32_t)clamped(free_u, SILIF_STATE_LIMIT);
    saturated += new_u != free_u;
    membrane[i] = new_u;
    spiked[i] = new_u > one;
  }
  return saturated;
}

SILIF_KERNEL ptrdiff_t silif_step_lif_plain(silif_lif_neurons *n) {
  n->saturated += lif_loop(n->width, (int32_t)1 << n->state_fraction_bits, n->current.sums, n->current.mantissa,
                           n->current.shift, n->current.bias_qF8, n->decay_q30, n->membrane_qF, n->spiked);
  return list_active(n->spiked, n->width, n->active);
}

/// As `lif_loop`, with a synapse before the membrane and coefficients of their own after a spike.
static int64_t cuba_loop(ptrdiff_t width, const int32_t *restrict sums, const int32_t *restrict mantissa,
                         const uint8_t *restrict shift, const int32_t *restrict bias, const int32_t *restrict decay,
                         const int32_t *restrict synapse_decay, const int32_t *restrict spike_decay,
                         const int32_t *restrict spike_offset, const uint8_t *restrict input_after_spike,
                         const int32_t *restrict threshold, const int32_t *restrict membrane_bias,
                         int32_t *restrict membrane, int32_t *restrict synapse, uint8_t *restrict spiked) {
  int64_t saturated = 0;
  for (ptrdiff_t i = 0; i < width; i++) {
    int32_t fired = -(int32_t)spiked[i];
    int32_t dropped = fired & (input_after_spike[i] - 1);
    int32_t al = decay[i] ^ (fired & (decay[i] ^ spike_decay[i]));
    int64_t taken = (int64_t)synapse_decay[i] * synapse[i] + aligned_current(sums[i], mantissa[i], shift[i], bias[i]);
    int64_t sum = (int64_t)al * membrane[i] + (int64_t)(fired & spike_offset[i]) * ((int64_t)1 << 30) +
                  (taken & ~(int64_t)dropped) + (int64_t)membrane_bias[i] * ((int64_t)1 << 22);
    int64_t free_i = rounded_shift(taken, 30);
    int64_t free_u = rounded_shift(sum, 30);
    int32_t new_i = (int32_t)clamped(free_i, SILIF_STATE_LIMIT);
    int32_t new_u = (int32_t)clamped(free_u, SILIF_STATE_LIMIT);
    saturated += (new_i != free_i) + (new_u != free_u);
    synapse[i] = new_i;
    membrane[i] = new_u;
    spiked[i] = new_u > threshold[i];
  }
  return saturated;
}

SILIF_KERNEL ptrdiff_t silif_step_cuba_plain(silif_cuba_neurons *n) {
  n->saturated +=
      cuba_loop(n->width, n->current.sums, n->current.mantissa, n->current.shift, n->current.bias_qF8, n->decay_q30,
                n->synapse_decay_q30, n->spike_decay_q30, n->spike_offset_qF, n->input_after_spike, n->threshold_qF,
                n->membrane_bias_qF8, n->membrane_qF, n->synapse_qF, n->spiked);
  return list_active(n->spiked, n->width, n->active);
}

SILIF_KERNEL void silif_step_readout_plain(silif_readout *n) {
  for (ptrdiff_t i = 0; i < n->width; i++) {
    int64_t sum =
        (int64_t)n->decay_q30[i] * n->membrane_qF[i] +
        aligned_current(n->current.sums[i], n->current.mantissa[i], n->current.shift[i], n->current.bias_qF8[i]);
    int64_t free_u = rounded_shift(sum, 30);
    int32_t new_u = (int32_t)clamped(free_u, SILIF_STATE_LIMIT);
    n->saturated += new_u != free_u;
    n->membrane_qF[i] = new_u;
  }
}
