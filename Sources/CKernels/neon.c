// NEON, on 64-bit ARM and ARMv7: it rounds while it shifts, by distances out of a table too, narrows with rounding, and clamps
// while it shifts.
//
// Twins: Sources/SiLIF/Kinds, Sources/SiLIF/Connection
#include "kernels.h"
#include "space_output.h"

#if SILIF_HAS_NEON
#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline))

// Sums of rows.

/// `groups` (a constant) times 16 outputs, whose sums stay in registers whatever the number of rows.
INLINE void sum_groups8(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count, int32_t *sums,
                        int groups) {
  ptrdiff_t start = 0;
  do {
    ptrdiff_t end = count - start < SILIF_ROWS_PER_TILE ? count : start + SILIF_ROWS_PER_TILE;
    int16x8_t tile[8];
    for (int i = 0; i < 2 * groups; i++) tile[i] = vdupq_n_s16(0);
    for (ptrdiff_t k = start; k < end; k++) {
      const int8_t *row = weights + active[k] * width;
      for (int i = 0; i < groups; i++) {
        int8x16_t bytes = vld1q_s8(row + 16 * i);
        tile[2 * i] = vaddw_s8(tile[2 * i], vget_low_s8(bytes));
        tile[2 * i + 1] = vaddw_s8(tile[2 * i + 1], vget_high_s8(bytes));
      }
    }
    for (int i = 0; i < 2 * groups; i++) {
      int32_t *to = sums + 8 * i;
      int32x4_t low = vmovl_s16(vget_low_s16(tile[i])), high = vmovl_s16(vget_high_s16(tile[i]));
      vst1q_s32(to, start > 0 ? vaddq_s32(vld1q_s32(to), low) : low);
      vst1q_s32(to + 4, start > 0 ? vaddq_s32(vld1q_s32(to + 4), high) : high);
    }
    start = end;
  } while (start < count);
}

SILIF_KERNEL void silif_sum_rows8_neon(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                                       int32_t *sums) {
  ptrdiff_t j = 0;
  for (; j + 64 <= width; j += 64) sum_groups8(weights + j, width, active, count, sums + j, 4);
  for (; j < width; j += 16) sum_groups8(weights + j, width, active, count, sums + j, 1);
}

INLINE void put_words(int32_t *sums, uint16x8_t totals, int32x4_t offset) {
  vst1q_s32(sums, vsubq_s32(vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(totals))), offset));
  vst1q_s32(sums + 4, vsubq_s32(vreinterpretq_s32_u32(vmovl_u16(vget_high_u16(totals))), offset));
}

/// 16 bytes of the half rows: their nibbles as 0...15 are added in bytes, those sums in 16 bits, and 8 a row is taken off at
/// the end. The last 8 of a half that is an odd multiple of 8 are the upper ones of 16, whose lower ones are made anew.
INLINE void sum_nibbles16(const int8_t *weights, ptrdiff_t half, const uint16_t *active, ptrdiff_t count,
                          int32_t *low_sums, int32_t *high_sums) {
  uint8x16_t mask = vdupq_n_u8(15), bias = vdupq_n_u8(0x88);
  uint16x8_t totals[4] = {vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0)};
  for (ptrdiff_t start = 0; start < count; start += SILIF_ROWS_PER_BYTE) {
    ptrdiff_t end = count - start < SILIF_ROWS_PER_BYTE ? count : start + SILIF_ROWS_PER_BYTE;
    uint8x16_t lows = vdupq_n_u8(0), highs = lows;
    for (ptrdiff_t k = start; k < end; k++) {
      uint8x16_t bytes = veorq_u8(vld1q_u8((const uint8_t *)weights + active[k] * half), bias);
      lows = vaddq_u8(lows, vandq_u8(bytes, mask));
      highs = vsraq_n_u8(highs, bytes, 4);
    }
    totals[0] = vaddw_u8(totals[0], vget_low_u8(lows));
    totals[1] = vaddw_u8(totals[1], vget_high_u8(lows));
    totals[2] = vaddw_u8(totals[2], vget_low_u8(highs));
    totals[3] = vaddw_u8(totals[3], vget_high_u8(highs));
  }
  int32x4_t offset = vdupq_n_s32((int32_t)(8 * count));
  put_words(low_sums, totals[0], offset);
  put_words(low_sums + 8, totals[1], offset);
  put_words(high_sums, totals[2], offset);
  put_words(high_sums + 8, totals[3], offset);
}

SILIF_KERNEL void silif_sum_rows4_neon(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                                       int32_t *sums) {
  ptrdiff_t half = width / 2;
  if (half < 16) {
    silif_sum_rows4_plain(weights, width, active, count, sums);
    return;
  }
  ptrdiff_t k = 0;
  for (; k + 16 <= half; k += 16) sum_nibbles16(weights + k, half, active, count, sums + k, sums + half + k);
  k = half - 16;
  if (half % 16 != 0) sum_nibbles16(weights + k, half, active, count, sums + k, sums + half + k);
}

// Dense input: products of 16 bits with 32-bit sums. Sums stay within int32_t in every order: Sum|W|*limit was checked at load.

/// `groups` (a constant) times 16 outputs.
INLINE void dense_groups8(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs, int32_t *sums,
                          int groups) {
  int32x4_t t[16];
  for (int i = 0; i < 4 * groups; i++) t[i] = vdupq_n_s32(0);
  for (ptrdiff_t k = 0; k < inputs; k++) {
    int16_t value = frame[k];
    if (value == 0) continue;
    const int8_t *row = weights + k * width;
    for (int i = 0; i < groups; i++) {
      int8x16_t bytes = vld1q_s8(row + 16 * i);
      int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_s8(vget_high_s8(bytes));
      t[4 * i] = vmlal_n_s16(t[4 * i], vget_low_s16(low), value);
      t[4 * i + 1] = vmlal_n_s16(t[4 * i + 1], vget_high_s16(low), value);
      t[4 * i + 2] = vmlal_n_s16(t[4 * i + 2], vget_low_s16(high), value);
      t[4 * i + 3] = vmlal_n_s16(t[4 * i + 3], vget_high_s16(high), value);
    }
  }
  for (int i = 0; i < 4 * groups; i++) vst1q_s32(sums + 4 * i, t[i]);
}

SILIF_KERNEL void silif_sum_dense8_neon(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                                        uint16_t *listed, int32_t *sums) {
  (void)listed;
  ptrdiff_t j = 0;
  // ARMv7 has half the registers.
  int groups = sizeof(void *) == 8 ? 4 : 2;
  for (; j + 16 * groups <= width; j += 16 * groups) {
    dense_groups8(weights + j, width, frame, inputs, sums + j, groups);
  }
  for (; j < width; j += 16) dense_groups8(weights + j, width, frame, inputs, sums + j, 1);
}

SILIF_KERNEL void silif_sum_dense4_neon(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                                        uint16_t *listed, int32_t *sums) {
  (void)listed;
  ptrdiff_t half = width / 2;
  for (ptrdiff_t k = 0; k < half; k += 8) {
    int32x4_t low0 = vdupq_n_s32(0), low1 = low0, high0 = low0, high1 = low0;
    for (ptrdiff_t i = 0; i < inputs; i++) {
      int16_t value = frame[i];
      if (value == 0) continue;
      int8x8_t bytes = vld1_s8(weights + i * half + k);
      // The low nibble's own top bit becomes the sign.
      int16x8_t lows = vmovl_s8(vshr_n_s8(vshl_n_s8(bytes, 4), 4)), highs = vmovl_s8(vshr_n_s8(bytes, 4));
      low0 = vmlal_n_s16(low0, vget_low_s16(lows), value);
      low1 = vmlal_n_s16(low1, vget_high_s16(lows), value);
      high0 = vmlal_n_s16(high0, vget_low_s16(highs), value);
      high1 = vmlal_n_s16(high1, vget_high_s16(highs), value);
    }
    vst1q_s32(sums + k, low0);
    vst1q_s32(sums + k + 4, low1);
    vst1q_s32(sums + half + k, high0);
    vst1q_s32(sums + half + k + 4, high1);
  }
}

// Neurons, 16 at a time, of which four make one vector of 32 bits and two of 64.

typedef struct {
  int64x2_t low, high;
} wide4;

INLINE wide4 product(int32x4_t a, int32x4_t b) {
  return (wide4){vmull_s32(vget_low_s32(a), vget_low_s32(b)), vmull_s32(vget_high_s32(a), vget_high_s32(b))};
}

INLINE wide4 plus_product(wide4 sum, int32x4_t a, int32x4_t b) {
  return (wide4){vmlal_s32(sum.low, vget_low_s32(a), vget_low_s32(b)),
                 vmlal_s32(sum.high, vget_high_s32(a), vget_high_s32(b))};
}

INLINE wide4 minus_product(wide4 sum, int32x4_t a, int32x4_t b) {
  return (wide4){vmlsl_s32(sum.low, vget_low_s32(a), vget_low_s32(b)),
                 vmlsl_s32(sum.high, vget_high_s32(a), vget_high_s32(b))};
}

/// Four places of 16 bytes, negated: to shift left by them is to shift right by the bytes.
INLINE wide4 shifts(int8x16_t negated, int part) {
  int16x8_t halves = vmovl_s8(part < 2 ? vget_low_s8(negated) : vget_high_s8(negated));
  int32x4_t words = vmovl_s16(part % 2 ? vget_high_s16(halves) : vget_low_s16(halves));
  return (wide4){vmovl_s32(vget_low_s32(words)), vmovl_s32(vget_high_s32(words))};
}

INLINE wide4 rounded_shift(wide4 x, wide4 shift) {
  return (wide4){vrshlq_s64(x.low, shift.low), vrshlq_s64(x.high, shift.high)};
}

/// x * 2^-30, rounded, for |x| <= 2^60.
INLINE int32x4_t upper(wide4 x) { return vcombine_s32(vrshrn_n_s64(x.low, 30), vrshrn_n_s64(x.high, 30)); }

/// 16 flags of 0 or 1, four of them.
INLINE int32x4_t flags(uint8x16_t spiked, int part) {
  uint16x8_t halves = vmovl_u8(part < 2 ? vget_low_u8(spiked) : vget_high_u8(spiked));
  return vreinterpretq_s32_u32(vmovl_u16(part % 2 ? vget_high_u16(halves) : vget_low_u16(halves)));
}

/// How many lanes of four differ, added to each of `counts`.
INLINE uint32x4_t count_changed(uint32x4_t counts, wide4 before, wide4 after) {
  wide4 d = {veorq_s64(before.low, after.low), veorq_s64(before.high, after.high)};
  uint32x4_t low = vcombine_u32(vmovn_u64(vreinterpretq_u64_s64(d.low)), vmovn_u64(vreinterpretq_u64_s64(d.high)));
  uint32x4_t high =
      vcombine_u32(vshrn_n_u64(vreinterpretq_u64_s64(d.low), 32), vshrn_n_u64(vreinterpretq_u64_s64(d.high), 32));
  uint32x4_t any = vorrq_u32(low, high);
  return vsubq_u32(counts, vtstq_u32(any, any));
}

/// To ±2^60. Shifted left by 3 it saturates there, and the way back rounds 2^63 - 1 to 2^60.
INLINE wide4 clamped_adaptation(wide4 x, uint32x4_t *saturated) {
  wide4 clamped = {vrshrq_n_s64(vqshlq_n_s64(x.low, 3), 3), vrshrq_n_s64(vqshlq_n_s64(x.high, 3), 3)};
  *saturated = count_changed(*saturated, x, clamped);
  return clamped;
}

/// States from their sums with 30 more fractional bits.
INLINE int32x4_t states_from(wide4 sum, uint32x4_t *saturated) {
  int32x4_t limit = vdupq_n_s32((int32_t)SILIF_STATE_LIMIT);
  int32x4_t free_state = vcombine_s32(vqrshrn_n_s64(sum.low, 30), vqrshrn_n_s64(sum.high, 30));
  int32x4_t state = vmaxq_s32(vminq_s32(free_state, limit), vnegq_s32(limit));
  *saturated = vaddq_u32(*saturated, vaddq_u32(vceqq_s32(state, free_state), vdupq_n_u32(1)));
  return state;
}

INLINE wide4 aligned_current(const silif_current *c, ptrdiff_t i, wide4 shift) {
  wide4 current = rounded_shift(product(vld1q_s32(c->sums + i), vld1q_s32(c->mantissa + i)), shift);
  int32x4_t bias = vld1q_s32(c->bias_qF8 + i);
  return (wide4){vshlq_n_s64(vaddw_s32(current.low, vget_low_s32(bias)), 22),
                 vshlq_n_s64(vaddw_s32(current.high, vget_high_s32(bias)), 22)};
}

INLINE int8x16_t negated_shifts(const uint8_t *shift) { return vnegq_s8(vreinterpretq_s8_u8(vld1q_u8(shift))); }

/// 16 masks of 32 bits as bytes.
INLINE uint8x16_t narrowed(const uint32x4_t fired[4]) {
  uint16x8_t low = vcombine_u16(vmovn_u32(fired[0]), vmovn_u32(fired[1]));
  uint16x8_t high = vcombine_u16(vmovn_u32(fired[2]), vmovn_u32(fired[3]));
  return vcombine_u8(vmovn_u16(low), vmovn_u16(high));
}

/// Writes who fired, by a mask, and appends their indices. Few fire.
INLINE uint16_t *list(uint16_t *active, ptrdiff_t first, uint8x16_t fired, uint8_t *spiked) {
  vst1q_u8(spiked + first, vandq_u8(fired, vdupq_n_u8(1)));
  // A nibble a byte, of which one bit tells.
  uint64_t nibbles = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(fired), 4)), 0);
  for (nibbles &= 0x1111111111111111; nibbles; nibbles &= nibbles - 1) {
    *active++ = (uint16_t)(first + __builtin_ctzll(nibbles) / 4);
  }
  return active;
}

INLINE int64_t total(uint32x4_t counts) {
  uint64x2_t pairs = vpaddlq_u32(counts);
  return (int64_t)(vgetq_lane_u64(pairs, 0) + vgetq_lane_u64(pairs, 1));
}

SILIF_KERNEL ptrdiff_t silif_step_silif_neon(silif_neurons *n) {
  int32x4_t one = vdupq_n_s32((int32_t)1 << n->state_fraction_bits);
  uint32x4_t saturated = vdupq_n_u32(0);
  uint16_t *active = n->active;
  for (ptrdiff_t first = 0; first < n->width; first += 16) {
    uint8x16_t spiked = vld1q_u8(n->spiked + first);
    int8x16_t leak_shift = negated_shifts(n->leak_shift + first), shift = negated_shifts(n->current.shift + first);
    uint32x4_t fired[4];
#pragma clang loop unroll(full)
    for (int part = 0; part < 4; part++) {
      ptrdiff_t i = first + 4 * part;
      int32x4_t s = flags(spiked, part), u = vld1q_s32(n->membrane_qF + i);
      wide4 w = {vld1q_s64(n->adaptation_qF30 + i), vld1q_s64(n->adaptation_qF30 + i + 2)};
      wide4 leak = rounded_shift(product(vld1q_s32(n->leak_mantissa + i), upper(w)), shifts(leak_shift, part));
      w = (wide4){vsubq_s64(w.low, leak.low), vsubq_s64(w.high, leak.high)};
      w = plus_product(w, vld1q_s32(n->subthreshold_coupling_q30 + i), u);
      w = plus_product(w, vld1q_s32(n->spike_coupling_qF + i), vshlq_n_s32(s, 30));
      w = clamped_adaptation(w, &saturated);
      vst1q_s64(n->adaptation_qF30 + i, w.low);
      vst1q_s64(n->adaptation_qF30 + i + 2, w.high);
      wide4 sum = aligned_current(&n->current, i, shifts(shift, part));
      sum = plus_product(sum, vld1q_s32(n->decay_q30 + i), vmlsq_s32(u, s, one));
      sum = minus_product(sum, vld1q_s32(n->input_gain_q30 + i), upper(w));
      u = states_from(sum, &saturated);
      vst1q_s32(n->membrane_qF + i, u);
      fired[part] = vcgtq_s32(u, one);
    }
    active = list(active, first, narrowed(fired), n->spiked);
  }
  n->saturated += total(saturated);
  return active - n->active;
}

/// C-SiLIF takes half a threshold from Re u before the rotation; RF takes one after it.
INLINE ptrdiff_t complex_step(silif_complex_neurons *n, int is_rf) {
  int32x4_t threshold = vdupq_n_s32((int32_t)1 << (n->state_fraction_bits - (is_rf ? 0 : 1)));
  uint32x4_t saturated = vdupq_n_u32(0);
  uint16_t *active = n->active;
  for (ptrdiff_t first = 0; first < n->width; first += 16) {
    uint8x16_t spiked = vld1q_u8(n->spiked + first);
    int8x16_t shift = negated_shifts(n->current.shift + first);
    uint32x4_t fired[4];
#pragma clang loop unroll(full)
    for (int part = 0; part < 4; part++) {
      ptrdiff_t i = first + 4 * part;
      int32x4_t reset = vmulq_s32(flags(spiked, part), threshold);
      int32x4_t re = vld1q_s32(n->real_qF + i), im = vld1q_s32(n->imaginary_qF + i);
      if (!is_rf) re = vsubq_s32(re, reset);
      int32x4_t cos = vld1q_s32(n->decay_real_q30 + i), sin = vld1q_s32(n->decay_imaginary_q30 + i);
      wide4 sum = minus_product(plus_product(aligned_current(&n->current, i, shifts(shift, part)), cos, re), sin, im);
      if (is_rf) sum = minus_product(sum, reset, vdupq_n_s32(1 << 30));
      int32x4_t new_re = states_from(sum, &saturated);
      vst1q_s32(n->imaginary_qF + i, states_from(plus_product(product(sin, re), cos, im), &saturated));
      vst1q_s32(n->real_qF + i, new_re);
      fired[part] = vcgtq_s32(new_re, threshold);
    }
    active = list(active, first, narrowed(fired), n->spiked);
  }
  n->saturated += total(saturated);
  return active - n->active;
}

SILIF_KERNEL ptrdiff_t silif_step_csilif_neon(silif_complex_neurons *n) { return complex_step(n, 0); }

SILIF_KERNEL ptrdiff_t silif_step_rf_neon(silif_complex_neurons *n) { return complex_step(n, 1); }

// State spaces, four pairs of a channel at a time.

SILIF_KERNEL void silif_step_spaces_neon(silif_state_spaces *n) {
  // Apart from each other and from n, so that what is stored moves none of them.
  int32_t *restrict states = n->states;
  const int32_t *restrict decays = n->decay, *restrict gains = n->gain;
  const int16_t *restrict outputs = n->output;
  for (ptrdiff_t j = 0; j < n->width; j++) {
    int32x4_t x = vdupq_n_s32(n->values[j]);
    int64x2_t sums = vdupq_n_s64(0);
    ptrdiff_t k = j * n->pairs, end = k + n->pairs;
    for (; k + 4 <= end; k += 4) {
      int32x4x2_t state = vld2q_s32(states + 2 * k), decay = vld2q_s32(decays + 2 * k);
      wide4 real = minus_product(product(decay.val[0], state.val[0]), decay.val[1], state.val[1]);
      wide4 imaginary = plus_product(product(decay.val[1], state.val[0]), decay.val[0], state.val[1]);
      state.val[0] = upper(plus_product(real, vld1q_s32(gains + k), x));
      state.val[1] = upper(imaginary);
      vst2q_s32(states + 2 * k, state);
      int16x4x2_t output = vld2_s16(outputs + 2 * k);
      wide4 parts =
          minus_product(product(vmovl_s16(output.val[0]), state.val[0]), vmovl_s16(output.val[1]), state.val[1]);
      sums = vaddq_s64(sums, vaddq_s64(parts.low, parts.high));
    }
    int64_t sum = vgetq_lane_s64(sums, 0) + vgetq_lane_s64(sums, 1) + (int64_t)n->skip[j] * n->values[j];
    for (; k < end; k++) sum += turn_pair(n, k, n->values[j]);
    n->values[j] = space_output(sum, n->output_shift[j], &n->saturated);
  }
}
#endif
