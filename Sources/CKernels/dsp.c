// Cortex-M4 and M7, and every other ARMv7 with the DSP extension: two additions of bytes in one instruction, products of
// 16 bits that are halves of registers, and roundings by the carry that a shift leaves.
//
// A step asks for more tables than there are registers, so neurons take it in passes over a block, whose intermediate values
// lie on the stack.
//
// Twins: Sources/SiLIF/Kinds, Sources/SiLIF/Connection, Sources/LogMel
#include "kernels.h"

#if SILIF_HAS_DSP
#include <arm_acle.h>

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

INLINE uint32_t word_at(const void *from) {
  uint32_t word;
  __builtin_memcpy(&word, from, sizeof word);
  return word;
}

INLINE int32_t lower_half(uint32_t word) { return (int16_t)word; }
INLINE int32_t upper_half(uint32_t word) { return (int32_t)word >> 16; }

// Roundings. The last bit that a shift drops is its carry, and to add it is to round half up.

/// The low 32 bits of (value + 2^(bits - 1)) >> bits; bits 17...31, a constant.
#define ROUNDED(value, bits)                                                                                 \
  ({                                                                                                         \
    int64_t rounded_value = (value);                                                                         \
    int32_t rounded_result;                                                                                  \
    __asm__("lsrs %0, %1, %3\n\tadc %0, %0, %2, lsl %4"                                                      \
            : "=&r"(rounded_result)                                                                          \
            : "r"((uint32_t)rounded_value), "r"((int32_t)(rounded_value >> 32)), "I"(bits), "I"(32 - (bits)) \
            : "cc");                                                                                         \
    rounded_result;                                                                                          \
  })

/// floor(value * 2^-bits + 1/2), bits 33...62. Rarely.
NOINLINE int64_t rounded_long_shift(int64_t value, uint32_t bits) { return ((value >> (bits - 1)) + 1) >> 1; }

/// The same, bits 0...62. Below 33 the comparison clears the carry, which a shift by 0 leaves as it is.
INLINE int64_t rounded_variable_shift(int64_t value, uint32_t bits) {
  uint32_t low, high, left;
  __asm__ goto(
      "cmp %5, #33\n\t"
      "bhs %l6\n\t"
      "rsb %2, %5, #32\n\t"
      "lsrs %0, %3, %5\n\t"
      "lsl %2, %4, %2\n\t"
      "asr %1, %4, %5\n\t"
      "adcs %0, %0, %2\n\t"
      "adc %1, %1, #0"
      : "=&r"(low), "=&r"(high), "=&r"(left)
      : "r"((uint32_t)value), "r"((int32_t)(value >> 32)), "r"(bits)
      : "cc"
      : longer);
  return (int64_t)((uint64_t)high << 32 | low);
longer:
  return rounded_long_shift(value, bits);
}

/// Whether a value with 30 fractional bits more than a state lies within -2^60 ..< 2^60: a look at its upper half.
INLINE int is_within_limit(int64_t value) { return (uint32_t)(value >> 32) + (1u << 28) < 1u << 29; }

/// ±`limit`, of the sign of `value`.
INLINE int32_t limit_towards(int64_t value, int32_t limit) {
  int32_t sign = (int32_t)(value >> 63);
  return (limit ^ sign) - sign;
}

/// A state from its sum with 30 more fractional bits.
INLINE int32_t state_from(int64_t sum, int32_t *saturated) {
  if (__builtin_expect(is_within_limit(sum), 1)) return ROUNDED(sum, 30);
  int32_t state = limit_towards(sum, (int32_t)SILIF_STATE_LIMIT);
  // What rounds to the limit was not saturated.
  *saturated += (uint64_t)(sum + (1 << 29) - (int64_t)state * (1 << 30)) >> 30 != 0;
  return state;
}

/// 1 where a state is above its threshold. Less than a comparison takes.
INLINE uint32_t exceeds(int32_t state, int32_t threshold) {
  int32_t difference = threshold - state;
  __asm__("" : "+r"(difference));
  return (uint32_t)difference >> 31;
}

/// `state`, less `threshold` where the neuron fired: a multiplication, where the compiler would shift.
INLINE int32_t reset_state(int32_t state, uint32_t fired, int32_t threshold) {
  int32_t result;
  __asm__("mls %0, %1, %2, %3" : "=r"(result) : "r"(fired), "r"(threshold), "r"(state));
  return result;
}

INLINE int64_t product(int32_t left, int32_t right) { return (int64_t)left * right; }

// Sums of rows.

#define ADD_ROW8                                 \
  "ldrh %[row], [%[active]], #2\n\t"             \
  "mla %[row], %[row], %[width], %[weights]\n\t" \
  "ldr %[word], [%[row]]\n\t"                    \
  "sxtab16 %[p0], %[p0], %[word]\n\t"            \
  "sxtab16 %[p1], %[p1], %[word], ror #8\n\t"    \
  "ldr %[word], [%[row], #4]\n\t"                \
  "sxtab16 %[p2], %[p2], %[word]\n\t"            \
  "sxtab16 %[p3], %[p3], %[word], ror #8\n\t"    \
  "ldrd %[word], %[row], [%[row], #8]\n\t"       \
  "sxtab16 %[p4], %[p4], %[word]\n\t"            \
  "sxtab16 %[p5], %[p5], %[word], ror #8\n\t"    \
  "sxtab16 %[p6], %[p6], %[row]\n\t"             \
  "sxtab16 %[p7], %[p7], %[row], ror #8\n"

/// 16 sums of rows, in pairs of 16 bits: of each four bytes the first and third, then the second and fourth.
INLINE void sum_tile8(const int8_t *weights, ptrdiff_t width, const uint16_t *active, const uint16_t *end,
                      uint32_t pairs[8]) {
  uint32_t p0 = 0, p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0, word, row;
  // Of 14 registers it takes all.
  __asm__(
      "subs %[word], %[end], %[active]\n\t"
      "beq 3f\n\t"
      "tst %[word], #2\n\t"
      "bne 2f\n"
      // Two rows at a time. Where their number is odd it begins with the second.
      "1:\n\t" ADD_ROW8 "2:\n\t" ADD_ROW8
      "cmp %[active], %[end]\n\t"
      "bne 1b\n"
      "3:"
      : [p0] "+r"(p0), [p1] "+r"(p1), [p2] "+r"(p2), [p3] "+r"(p3), [p4] "+r"(p4), [p5] "+r"(p5), [p6] "+r"(p6),
        [p7] "+r"(p7), [active] "+r"(active), [word] "=&r"(word), [row] "=&r"(row)
      : [weights] "r"(weights), [width] "r"(width), [end] "r"(end)
      : "cc", "memory");
  pairs[0] = p0, pairs[1] = p1, pairs[2] = p2, pairs[3] = p3;
  pairs[4] = p4, pairs[5] = p5, pairs[6] = p6, pairs[7] = p7;
}

SILIF_KERNEL void silif_sum_rows8_dsp(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                                      int32_t *sums) {
  for (ptrdiff_t j = 0; j < width; j += 16) {
    ptrdiff_t start = 0;
    do {
      ptrdiff_t end = count - start < SILIF_ROWS_PER_TILE ? count : start + SILIF_ROWS_PER_TILE;
      uint32_t pairs[8];
      sum_tile8(weights + j, width, active + start, active + end, pairs);
      for (int i = 0; i < 4; i++) {
        int32_t *to = sums + j + 4 * i;
        uint32_t even = pairs[2 * i], odd = pairs[2 * i + 1];
        if (start > 0) {
          to[0] += lower_half(even), to[1] += lower_half(odd), to[2] += upper_half(even), to[3] += upper_half(odd);
        } else {
          to[0] = lower_half(even), to[1] = lower_half(odd), to[2] = upper_half(even), to[3] = upper_half(odd);
        }
      }
      start = end;
    } while (start < count);
  }
}

SILIF_KERNEL void silif_sum_rows16_dsp(const int16_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                                       int32_t *sums) {
  for (ptrdiff_t j = 0; j < width; j += 4) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (ptrdiff_t k = 0; k < count; k++) {
      const int16_t *row = weights + active[k] * width + j;
      uint32_t low = word_at(row), high = word_at(row + 2);
      s0 += lower_half(low), s1 += upper_half(low), s2 += lower_half(high), s3 += upper_half(high);
    }
    sums[j] = s0, sums[j + 1] = s1, sums[j + 2] = s2, sums[j + 3] = s3;
  }
}

/// Four bytes hold 4 weights to outputs k... and 4 to outputs width/2 + k...; their nibbles as 0...15 are added, up to
/// SILIF_ROWS_PER_BYTE in a byte, and what makes them so is taken off at the end.
SILIF_KERNEL void silif_sum_rows4_dsp(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                                      int32_t *sums) {
  ptrdiff_t half = width / 2;
  const uint32_t nibbles = 0x0F0F0F0F, bytes = 0x00FF00FF;
  for (ptrdiff_t k = 0; k < half; k += 8) {
    uint32_t totals[8] = {0};
    for (ptrdiff_t start = 0; start < count; start += SILIF_ROWS_PER_BYTE) {
      ptrdiff_t end = count - start < SILIF_ROWS_PER_BYTE ? count : start + SILIF_ROWS_PER_BYTE;
      uint32_t tile[4] = {0};
      for (ptrdiff_t position = start; position < end; position++) {
        const int8_t *row = weights + active[position] * half + k;
        uint32_t word0 = word_at(row) ^ 0x88888888, word1 = word_at(row + 4) ^ 0x88888888;
        tile[0] += word0 & nibbles;
        tile[1] += word1 & nibbles;
        tile[2] += word0 >> 4 & nibbles;
        tile[3] += word1 >> 4 & nibbles;
      }
      for (int i = 0; i < 4; i++) {
        totals[2 * i] += tile[i] & bytes;
        totals[2 * i + 1] += tile[i] >> 8 & bytes;
      }
    }
    int32_t offset = (int32_t)(8 * count);
    for (int i = 0; i < 4; i++) {
      int32_t *to = sums + (i < 2 ? 0 : half) + k + 4 * (i % 2);
      uint32_t even = totals[2 * i], odd = totals[2 * i + 1];
      to[0] = (int32_t)(even & 0xFFFF) - offset, to[1] = (int32_t)(odd & 0xFFFF) - offset;
      to[2] = (int32_t)(even >> 16) - offset, to[3] = (int32_t)(odd >> 16) - offset;
    }
  }
}

// Dense input, two rows at a time: their values are the halves of a word. Where both are zero there is nothing to add.
// Sums stay within int32_t in every order: Sum|W|*limit was checked at load.

/// Adds to 4 sums a value (half `v`, b or t, of the pair of values) times 4 bytes of a row.
#define ADD_PRODUCTS8(p0, p1, p2, p3, v)             \
  "sxtb16 %[other], %[word]\n\t"                     \
  "sxtb16 %[word], %[word], ror #8\n\t"              \
  "smlab" v " %[" p0 "], %[other], %[values], %[" p0 \
  "]\n\t"                                            \
  "smlab" v " %[" p1 "], %[word], %[values], %[" p1  \
  "]\n\t"                                            \
  "smlat" v " %[" p2 "], %[other], %[values], %[" p2 \
  "]\n\t"                                            \
  "smlat" v " %[" p3 "], %[word], %[values], %[" p3 "]\n\t"

/// 8 outputs. Of an odd number of inputs the last is left out.
INLINE void dense_tile8(const int8_t *row, ptrdiff_t width, const int16_t *frame, const int16_t *end, int32_t t[8]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
  uint32_t word, values, other = (uint32_t)end;
  // Of 14 registers it takes all; the end lies on the stack.
  __asm__(
      "push {%[other]}\n\t"
      "b 3f\n"
      "1:\n\t"
      "ldr %[values], [%[frame]], #4\n\t"
      "cmp %[values], #0\n\t"
      "beq 2f\n\t"
      "ldr %[word], [%[row]]\n\t" ADD_PRODUCTS8("s0", "s1", "s2", "s3", "b")
      "ldr %[word], [%[row], #4]\n\t" ADD_PRODUCTS8("s4", "s5", "s6", "s7", "b")
      "add %[row], %[row], %[width]\n\t"
      "ldr %[word], [%[row]]\n\t" ADD_PRODUCTS8("s0", "s1", "s2", "s3", "t")
      "ldr %[word], [%[row], #4]\n\t" ADD_PRODUCTS8("s4", "s5", "s6", "s7", "t")
      "add %[row], %[row], %[width]\n"
      "3:\n\t"
      "ldr %[other], [sp]\n\t"
      "cmp %[frame], %[other]\n\t"
      "bne 1b\n\t"
      "b 4f\n"
      "2:\n\t"
      "add %[row], %[row], %[width], lsl #1\n\t"
      "b 3b\n"
      "4:\n\t"
      "add sp, sp, #4"
      : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [s4] "+r"(s4), [s5] "+r"(s5), [s6] "+r"(s6),
        [s7] "+r"(s7), [frame] "+r"(frame), [row] "+r"(row), [other] "+r"(other), [word] "=&r"(word),
        [values] "=&r"(values)
      : [width] "r"(width)
      : "cc", "memory");
  t[0] = s0, t[1] = s1, t[2] = s2, t[3] = s3, t[4] = s4, t[5] = s5, t[6] = s6, t[7] = s7;
}

SILIF_KERNEL void silif_sum_dense8_dsp(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                                       uint16_t *listed, int32_t *sums) {
  (void)listed;
  ptrdiff_t pairs = inputs & ~(ptrdiff_t)1;
  for (ptrdiff_t j = 0; j < width; j += 8) dense_tile8(weights + j, width, frame, frame + pairs, sums + j);
  if (pairs < inputs) {
    const int8_t *row = weights + pairs * width;
    for (ptrdiff_t j = 0; j < width; j++) sums[j] += row[j] * frame[pairs];
  }
}

/// Adds to 8 sums a value (half `v`, b or t, of the pair) times 4 bytes of two weights each, 8 more than they are.
#define ADD_PRODUCTS4(v)                           \
  "ldr %[word], [%[row]]\n\t"                      \
  "eor %[word], %[word], #0x88888888\n\t"          \
  "and %[other], %[nibbles], %[word]\n\t"          \
  "smlab" v                                        \
  " %[s0], %[other], %[values], %[s0]\n\t"         \
  "smlat" v                                        \
  " %[s2], %[other], %[values], %[s2]\n\t"         \
  "and %[other], %[nibbles], %[word], lsr #8\n\t"  \
  "smlab" v                                        \
  " %[s1], %[other], %[values], %[s1]\n\t"         \
  "smlat" v                                        \
  " %[s3], %[other], %[values], %[s3]\n\t"         \
  "and %[other], %[nibbles], %[word], lsr #4\n\t"  \
  "smlab" v                                        \
  " %[s4], %[other], %[values], %[s4]\n\t"         \
  "smlat" v                                        \
  " %[s6], %[other], %[values], %[s6]\n\t"         \
  "and %[other], %[nibbles], %[word], lsr #12\n\t" \
  "smlab" v                                        \
  " %[s5], %[other], %[values], %[s5]\n\t"         \
  "smlat" v                                        \
  " %[s7], %[other], %[values], %[s7]\n\t"         \
  "ldr %[other], [sp, #4]\n\t"                     \
  "add %[row], %[row], %[other]\n\t"

/// 4 outputs of the first half and 4 of the second, with 8 times the sum of the values in each.
INLINE void dense_tile4(const int8_t *row, ptrdiff_t half, const int16_t *frame, const int16_t *end, int32_t t[8]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
  uint32_t word = (uint32_t)half, other = (uint32_t)end, values;
  // Of 14 registers it takes all; end and stride lie on the stack.
  __asm__(
      "push {%[word]}\n\t"
      "push {%[other]}\n\t"
      "b 3f\n"
      "1:\n\t"
      "ldr %[values], [%[frame]], #4\n\t"
      "cmp %[values], #0\n\t"
      "beq 2f\n\t" ADD_PRODUCTS4("b") ADD_PRODUCTS4("t")
      "3:\n\t"
      "ldr %[other], [sp]\n\t"
      "cmp %[frame], %[other]\n\t"
      "bne 1b\n\t"
      "b 4f\n"
      "2:\n\t"
      "ldr %[other], [sp, #4]\n\t"
      "add %[row], %[row], %[other], lsl #1\n\t"
      "b 3b\n"
      "4:\n\t"
      "add sp, sp, #8"
      : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [s4] "+r"(s4), [s5] "+r"(s5), [s6] "+r"(s6),
        [s7] "+r"(s7), [frame] "+r"(frame), [row] "+r"(row), [other] "+r"(other), [word] "+r"(word),
        [values] "=&r"(values)
      : [nibbles] "r"(0x000F000F)
      : "cc", "memory");
  t[0] = s0, t[1] = s1, t[2] = s2, t[3] = s3, t[4] = s4, t[5] = s5, t[6] = s6, t[7] = s7;
}

SILIF_KERNEL void silif_sum_dense4_dsp(const int8_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                                       uint16_t *listed, int32_t *sums) {
  (void)listed;
  ptrdiff_t half = width / 2, pairs = inputs & ~(ptrdiff_t)1;
  int32_t total = 0;
  for (ptrdiff_t i = 0; i < pairs; i++) total += frame[i];
  // What was added to the weights wraps as they do, and is taken off.
  uint32_t offset = 8 * (uint32_t)total;
  for (ptrdiff_t k = 0; k < half; k += 4) {
    int32_t t[8];
    dense_tile4(weights + k, half, frame, frame + pairs, t);
    for (int i = 0; i < 4; i++) {
      sums[k + i] = (int32_t)((uint32_t)t[i] - offset);
      sums[half + k + i] = (int32_t)((uint32_t)t[4 + i] - offset);
    }
  }
  if (pairs < inputs) {
    const int8_t *row = weights + pairs * half;
    for (ptrdiff_t k = 0; k < half; k++) {
      sums[k] += (int8_t)(row[k] * 16) / 16 * frame[pairs];
      sums[half + k] += (row[k] >> 4) * frame[pairs];
    }
  }
}

SILIF_KERNEL void silif_sum_dense16_dsp(const int16_t *weights, ptrdiff_t width, const int16_t *frame, ptrdiff_t inputs,
                                        uint16_t *listed, int32_t *sums) {
  (void)listed;
  for (ptrdiff_t j = 0; j < width; j += 4) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    const int16_t *row = weights + j;
    for (ptrdiff_t i = 0; i < inputs; i++, row += width) {
      int32_t value = frame[i];
      if (value == 0) continue;
      int32_t low = (int32_t)word_at(row), high = (int32_t)word_at(row + 2);
      s0 = __smlabb(low, value, s0), s1 = __smlatb(low, value, s1);
      s2 = __smlabb(high, value, s2), s3 = __smlatb(high, value, s3);
    }
    sums[j] = s0, sums[j + 1] = s1, sums[j + 2] = s2, sums[j + 3] = s3;
  }
}

// Neurons.

/// Neurons that a pass takes at a time.
enum { BLOCK = 64 };

INLINE int64_t aligned_current(int32_t sum, int32_t mantissa, uint32_t shift, int32_t bias) {
  return (rounded_variable_shift(product(sum, mantissa), shift) + bias) * ((int64_t)1 << 22);
}

NOINLINE void make_currents(const silif_current *from, ptrdiff_t first, ptrdiff_t count, int64_t *current) {
  const int32_t *sums = from->sums + first, *mantissa = from->mantissa + first, *bias = from->bias_qF8 + first;
  const uint8_t *shift = from->shift + first;
  for (ptrdiff_t i = 0; i < count; i++) current[i] = aligned_current(sums[i], mantissa[i], shift[i], bias[i]);
}

/// Appends the index where the neuron fired.
INLINE uint16_t *listed(uint16_t *active, ptrdiff_t index, uint32_t fired) {
  *active = (uint16_t)index;
  return active + fired;
}

/// Of one neuron between the passes: its new adaptation with as many fractional bits as the state has, then the sum that makes
/// its state, but for the state's own decay.
typedef union {
  int32_t upper;
  int64_t sum;
} between;

/// rounded_variable_shift of b:a by c, to b:a, with d. It goes on at 2; SHIFT_LONGER stands elsewhere.
#define SHIFT_ROUNDED         \
  "cmp %[c], #33\n\t"         \
  "bhs 3f\n\t"                \
  "rsb %[d], %[c], #32\n\t"   \
  "lsrs %[a], %[a], %[c]\n\t" \
  "lsl %[d], %[b], %[d]\n\t"  \
  "asr %[b], %[b], %[c]\n\t"  \
  "adcs %[a], %[a], %[d]\n\t" \
  "adc %[b], %[b], #0\n"      \
  "2:\n\t"
/// By 33...62 it is a shift of the upper half, whose carry rounds too.
#define SHIFT_LONGER          \
  "3:\n\t"                    \
  "sub %[c], %[c], #32\n\t"   \
  "asrs %[a], %[b], %[c]\n\t" \
  "adc %[a], %[a], #0\n\t"    \
  "asr %[b], %[a], #31\n\t"   \
  "b 2b\n"

/// The adaptation's step.
NOINLINE void adapt(silif_neurons *n, ptrdiff_t first, ptrdiff_t count, between *to) {
  const int32_t *leak_mantissa = n->leak_mantissa + first, *subthreshold = n->subthreshold_coupling_q30 + first;
  const int32_t *coupling = n->spike_coupling_qF + first, *membrane = n->membrane_qF + first;
  const uint8_t *leak_shift = n->leak_shift + first, *spiked = n->spiked + first;
  int64_t *adaptation = n->adaptation_qF30 + first;
  uint32_t saturated = 0, a = (uint32_t)(adaptation + count), b, d, low, high;
  // Of 14 registers it takes all; the end, and how many were saturated, lie on the stack.
  __asm__(
      "push {%[c]}\n\t"
      "push {%[a]}\n"
      "1:\n\t"
      "ldrd %[low], %[high], [%[adaptation]]\n\t"
      "ldr %[a], [%[leak_mantissa]], #4\n\t"
      "ldrb %[c], [%[leak_shift]], #1\n\t"
      "lsrs %[b], %[low], #30\n\t"
      "adc %[b], %[b], %[high], lsl #2\n\t"
      "smull %[a], %[b], %[a], %[b]\n\t" SHIFT_ROUNDED
      "subs %[low], %[low], %[a]\n\t"
      "sbc %[high], %[high], %[b]\n\t"
      "ldr %[a], [%[subthreshold]], #4\n\t"
      "ldr %[b], [%[membrane]], #4\n\t"
      "ldrb %[c], [%[spiked]], #1\n\t"
      "ldr %[d], [%[coupling]], #4\n\t"
      "smlal %[low], %[high], %[a], %[b]\n\t"
      "lsl %[c], %[c], #30\n\t"
      "smlal %[low], %[high], %[c], %[d]\n\t"
      // Within -2^60 ..< 2^60?
      "add %[a], %[high], #0x10000000\n\t"
      "cmp %[a], #0x20000000\n\t"
      "bhs 5f\n"
      "4:\n\t"
      "strd %[low], %[high], [%[adaptation]], #8\n\t"
      "lsrs %[low], %[low], #30\n\t"
      "adc %[low], %[low], %[high], lsl #2\n\t"
      "str %[low], [%[to]], #8\n\t"
      "ldr %[a], [sp]\n\t"
      "cmp %[adaptation], %[a]\n\t"
      "bne 1b\n\t"
      "b 6f\n" SHIFT_LONGER
      // To the limit of its sign. What is there already was not saturated.
      "5:\n\t"
      "mov %[a], #0x10000000\n\t"
      "eor %[a], %[a], %[high], asr #31\n\t"
      "sub %[a], %[a], %[high], asr #31\n\t"
      "eor %[b], %[a], %[high]\n\t"
      "orrs %[b], %[b], %[low]\n\t"
      "ldr %[c], [sp, #4]\n\t"
      "it ne\n\t"
      "addne %[c], %[c], #1\n\t"
      "str %[c], [sp, #4]\n\t"
      "mov %[high], %[a]\n\t"
      "mov %[low], #0\n\t"
      "b 4b\n"
      "6:\n\t"
      "pop {%[a]}\n\t"
      "pop {%[c]}"
      : [adaptation] "+r"(adaptation), [leak_mantissa] "+r"(leak_mantissa), [leak_shift] "+r"(leak_shift),
        [subthreshold] "+r"(subthreshold), [membrane] "+r"(membrane), [spiked] "+r"(spiked), [coupling] "+r"(coupling),
        [to] "+r"(to), [a] "+r"(a), [b] "=&r"(b), [c] "+r"(saturated), [d] "=&r"(d), [low] "=&r"(low),
        [high] "=&r"(high)
      :
      : "cc", "memory");
  n->saturated += saturated;
}

/// What goes into the states from outside: currents, less the adaptation's part.
NOINLINE void add_currents(const silif_neurons *n, ptrdiff_t first, ptrdiff_t count, between *at) {
  const int32_t *sums = n->current.sums + first, *mantissa = n->current.mantissa + first;
  const int32_t *bias = n->current.bias_qF8 + first, *gain = n->input_gain_q30 + first;
  const uint8_t *shift = n->current.shift + first;
  uint32_t a, b, c, d;
  __asm__(
      "1:\n\t"
      "ldr %[a], [%[sums]], #4\n\t"
      "ldr %[b], [%[mantissa]], #4\n\t"
      "ldrb %[c], [%[shift]], #1\n\t"
      "smull %[a], %[b], %[a], %[b]\n\t" SHIFT_ROUNDED
      "ldr %[c], [%[bias]], #4\n\t"
      "adds %[a], %[a], %[c]\n\t"
      "adc %[b], %[b], %[c], asr #31\n\t"
      // Aligned to 22 more fractional bits.
      "lsl %[b], %[b], #22\n\t"
      "orr %[b], %[b], %[a], lsr #10\n\t"
      "lsl %[a], %[a], #22\n\t"
      "ldr %[c], [%[at]]\n\t"
      "ldr %[d], [%[gain]], #4\n\t"
      "rsb %[c], %[c], #0\n\t"
      "smlal %[a], %[b], %[c], %[d]\n\t"
      "strd %[a], %[b], [%[at]], #8\n\t"
      "cmp %[at], %[end]\n\t"
      "bne 1b\n\t"
      "b 4f\n" SHIFT_LONGER "4:"
      : [sums] "+r"(sums), [mantissa] "+r"(mantissa), [shift] "+r"(shift), [bias] "+r"(bias), [gain] "+r"(gain),
        [at] "+r"(at), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d)
      : [end] "r"(at + count)
      : "cc", "memory");
}

NOINLINE uint16_t *fire(silif_neurons *n, ptrdiff_t first, ptrdiff_t count, const between *from, uint16_t *active) {
  const int32_t *decay = n->decay_q30 + first;
  int32_t *membrane = n->membrane_qF + first;
  uint8_t *spiked = n->spiked + first;
  int32_t one = (int32_t)1 << n->state_fraction_bits, saturated = 0;
  for (ptrdiff_t i = 0; i < count; i++) {
    int32_t u = reset_state(membrane[i], spiked[i], one);
    u = state_from(from[i].sum + product(decay[i], u), &saturated);
    uint32_t fired = exceeds(u, one);
    membrane[i] = u;
    spiked[i] = (uint8_t)fired;
    active = listed(active, first + i, fired);
  }
  n->saturated += saturated;
  return active;
}

SILIF_KERNEL ptrdiff_t silif_step_silif_dsp(silif_neurons *n) {
  between block[BLOCK];
  uint16_t *active = n->active;
  for (ptrdiff_t first = 0; first < n->width; first += BLOCK) {
    ptrdiff_t count = n->width - first < BLOCK ? n->width - first : BLOCK;
    adapt(n, first, count, block);
    add_currents(n, first, count, block);
    active = fire(n, first, count, block, active);
  }
  return active - n->active;
}

/// C-SiLIF takes half a threshold from Re u before the rotation; RF takes one after it.
INLINE ptrdiff_t complex_step(silif_complex_neurons *n, int is_rf) {
  int64_t current[BLOCK];
  int32_t threshold = (int32_t)1 << (n->state_fraction_bits - (is_rf ? 0 : 1)), saturated = 0;
  uint16_t *active = n->active;
  for (ptrdiff_t first = 0; first < n->width; first += BLOCK) {
    ptrdiff_t count = n->width - first < BLOCK ? n->width - first : BLOCK;
    make_currents(&n->current, first, count, current);
    for (ptrdiff_t i = first; i < first + count; i++) {
      int32_t reset = n->spiked[i] * threshold;
      int32_t re = is_rf ? n->real_qF[i] : n->real_qF[i] - reset, im = n->imaginary_qF[i];
      int64_t sum = current[i - first] - (is_rf ? product(reset, 1 << 30) : 0);
      sum += product(n->decay_real_q30[i], re) + product(n->decay_imaginary_q30[i], -im);
      int32_t new_re = state_from(sum, &saturated);
      sum = product(n->decay_imaginary_q30[i], re) + product(n->decay_real_q30[i], im);
      n->real_qF[i] = new_re;
      n->imaginary_qF[i] = state_from(sum, &saturated);
      uint32_t fired = exceeds(new_re, threshold);
      n->spiked[i] = (uint8_t)fired;
      active = listed(active, i, fired);
    }
  }
  n->saturated += saturated;
  return active - n->active;
}

SILIF_KERNEL ptrdiff_t silif_step_csilif_dsp(silif_complex_neurons *n) { return complex_step(n, 0); }

SILIF_KERNEL ptrdiff_t silif_step_rf_dsp(silif_complex_neurons *n) { return complex_step(n, 1); }

SILIF_KERNEL ptrdiff_t silif_step_lif_dsp(silif_lif_neurons *n) {
  int64_t current[BLOCK];
  int32_t one = (int32_t)1 << n->state_fraction_bits, saturated = 0;
  uint16_t *active = n->active;
  for (ptrdiff_t first = 0; first < n->width; first += BLOCK) {
    ptrdiff_t count = n->width - first < BLOCK ? n->width - first : BLOCK;
    make_currents(&n->current, first, count, current);
    for (ptrdiff_t i = first; i < first + count; i++) {
      int64_t sum =
          current[i - first] + product(n->decay_q30[i], n->membrane_qF[i]) - product(n->spiked[i] * one, 1 << 30);
      int32_t u = state_from(sum, &saturated);
      uint32_t fired = exceeds(u, one);
      n->membrane_qF[i] = u;
      n->spiked[i] = (uint8_t)fired;
      active = listed(active, i, fired);
    }
  }
  n->saturated += saturated;
  return active - n->active;
}

SILIF_KERNEL void silif_step_readout_dsp(silif_readout *n) {
  const silif_current *c = &n->current;
  int32_t saturated = 0;
  for (ptrdiff_t i = 0; i < n->width; i++) {
    int64_t current = aligned_current(c->sums[i], c->mantissa[i], c->shift[i], c->bias_qF8[i]);
    n->membrane_qF[i] = state_from(current + product(n->decay_q30[i], n->membrane_qF[i]), &saturated);
  }
  n->saturated += saturated;
}

// The front end.

SILIF_KERNEL int32_t silif_emphasise_dsp(const int16_t *samples, ptrdiff_t count, int32_t preemphasis_q15,
                                         int32_t mean_term_q15, int32_t *output_q15) {
  int32_t last = samples[0];
  int32_t first = (32768 - preemphasis_q15) * last - mean_term_q15;
  int32_t magnitude = first ^ (first >> 31);
  output_q15[0] = first;
  for (ptrdiff_t i = 1; i < count; i++) {
    int32_t sample = samples[i];
    int32_t x = __smlabb(last, -preemphasis_q15, -mean_term_q15) + sample * 32768;
    output_q15[i] = x;
    magnitude |= x ^ (x >> 31);
    last = sample;
  }
  return magnitude;
}

/// The low 32 bits of a rounded shift by 16...32 bits; `left` is 32 - bits.
INLINE int32_t windowed(int32_t sample, int32_t weight, int32_t bits, int32_t left) {
  int64_t value = product(sample, weight);
  uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
  __asm__(
      "lsl %1, %1, %3\n\t"
      "lsrs %0, %0, %2\n\t"
      "adc %0, %0, %1"
      : "+r"(low), "+r"(high)
      : "r"(bits), "r"(left)
      : "cc");
  return (int32_t)low;
}

SILIF_KERNEL void silif_window_dsp(const int32_t *samples, ptrdiff_t half, const int32_t *window_q24, int32_t shift,
                                   int32_t *output) {
  int32_t left = 32 - shift;
  for (ptrdiff_t n = 0; n < half; n++) {
    output[n] = windowed(samples[2 * n], window_q24[2 * n], shift, left);
    output[n + 256] = windowed(samples[2 * n + 1], window_q24[2 * n + 1], shift, left);
  }
  for (ptrdiff_t n = half; n < 256; n++) output[n] = output[n + 256] = 0;
}

typedef struct {
  int32_t re0, re1, re2, re3, im0, im1, im2, im3;
} quad;

/// Four complex values and their transform of four points.
INLINE quad butterfly(const int32_t *from) {
  int32_t re0 = from[0], re1 = from[64], re2 = from[128], re3 = from[192];
  int32_t im0 = from[256], im1 = from[320], im2 = from[384], im3 = from[448];
  int32_t sum_re = re0 + re2, sum_im = im0 + im2, difference_re = re0 - re2, difference_im = im0 - im2;
  int32_t sum2_re = re1 + re3, sum2_im = im1 + im3, difference2_re = re1 - re3, difference2_im = im1 - im3;
  return (quad){
      .re0 = sum_re + sum2_re,
      .im0 = sum_im + sum2_im,
      .re1 = difference_re + difference2_im,
      .im1 = difference_im - difference2_re,
      .re2 = sum_re - sum2_re,
      .im2 = sum_im - sum2_im,
      .re3 = difference_re - difference2_im,
      .im3 = difference_im + difference2_re,
  };
}

INLINE void turn(int32_t *re, int32_t *im, int32_t cos, int32_t sin) {
  int32_t a = *re, b = *im;
  *re = ROUNDED(product(a, cos) + product(-b, sin), 30);
  *im = ROUNDED(product(a, sin) + product(b, cos), 30);
}

INLINE void store(quad z, int32_t *to, int stride) {
  to[0] = z.re0, to[stride] = z.re1, to[2 * stride] = z.re2, to[3 * stride] = z.re3;
  to[256] = z.im0, to[256 + stride] = z.im1, to[256 + 2 * stride] = z.im2, to[256 + 3 * stride] = z.im3;
}

NOINLINE void first_stage(const int32_t *from, int32_t *to, const int32_t *roots) {
  for (int p = 0; p < 64; p++) {
    quad z = butterfly(from + p);
    turn(&z.re1, &z.im1, roots[p], roots[p + 64]);
    turn(&z.re2, &z.im2, roots[p + 128], roots[p + 192]);
    turn(&z.re3, &z.im3, roots[p + 256], roots[p + 320]);
    store(z, to + 4 * p, 1);
  }
}

// The first block's roots are exactly 1, by which a turn changes nothing.
INLINE void middle_stage(const int32_t *from, int32_t *to, const int32_t *roots, int run) {
  for (int q = 0; q < run; q++) store(butterfly(from + q), to + q, run);
  for (int t = run; t < 64; t += run) {
    int32_t cos1 = roots[t], sin1 = roots[t + 64], cos2 = roots[t + 128], sin2 = roots[t + 192];
    int32_t cos3 = roots[t + 256], sin3 = roots[t + 320];
    for (int q = 0; q < run; q++) {
      quad z = butterfly(from + t + q);
      turn(&z.re1, &z.im1, cos1, sin1);
      turn(&z.re2, &z.im2, cos2, sin2);
      turn(&z.re3, &z.im3, cos3, sin3);
      store(z, to + 4 * t + q, run);
    }
  }
}

NOINLINE void second_stage(const int32_t *from, int32_t *to, const int32_t *roots) { middle_stage(from, to, roots, 4); }

NOINLINE void third_stage(const int32_t *from, int32_t *to, const int32_t *roots) { middle_stage(from, to, roots, 16); }

NOINLINE void last_stage(const int32_t *from, int32_t *to) {
  for (int q = 0; q < 64; q++) store(butterfly(from + q), to + q, 64);
}

SILIF_KERNEL void silif_transform256_dsp(int32_t *data, int32_t *scratch, const int32_t *roots) {
  first_stage(data, scratch, roots);
  second_stage(scratch, data, roots);
  third_stage(data, scratch, roots);
  last_stage(scratch, data);
}

/// (re^2 + im^2) * 2^-16, rounded.
INLINE int64_t squared_magnitude(int32_t re, int32_t im) {
  int64_t square = product(re, re) + product(im, im);
  uint32_t low = (uint32_t)square, high = (uint32_t)(square >> 32), upper;
  __asm__(
      "lsr %1, %2, #16\n\t"
      "lsrs %0, %0, #16\n\t"
      "adcs %0, %0, %2, lsl #16\n\t"
      "adc %1, %1, #0"
      : "+r"(low), "=&r"(upper)
      : "r"(high)
      : "cc");
  return (int64_t)((uint64_t)upper << 32 | low);
}

SILIF_KERNEL void silif_power_dsp(const int32_t *z, const int32_t *roots, int64_t *power) {
  power[0] = squared_magnitude(z[0] + z[256], 0);
  power[128] = squared_magnitude(z[128], z[384]);
  for (int k = 1; k < 128; k++) {
    int32_t low_re = z[k], low_im = z[k + 256], high_re = z[256 - k], high_im = z[512 - k];
    int32_t even_re = low_re + high_re, even_im = low_im - high_im;
    int32_t odd_re = low_im + high_im, odd_im = high_re - low_re;
    int32_t cos = roots[k], sin = roots[k + 128];
    int64_t turned_re = product(odd_re, cos) + product(-odd_im, sin);
    int64_t turned_im = product(odd_re, sin) + product(odd_im, cos);
    int64_t raised_re = product(even_re, 1 << 30), raised_im = product(even_im, 1 << 30);
    power[k] = squared_magnitude(ROUNDED(raised_re + turned_re, 31), ROUNDED(raised_im + turned_im, 31));
    power[256 - k] = squared_magnitude(ROUNDED(raised_re - turned_re, 31), ROUNDED(turned_im - raised_im, 31));
  }
}
#endif
