// The gates, samples and ternary sums of blocks (Sources/SiLIF/Kinds/Blocks), which the compiler vectorises for the instruction
// set of TARGET; included once for each by mixing.c, with NAME(x) giving x a name of its own. LANES channels at a time go through
// short loops: what looks into a curve's table stands in one of its own, since not every set has vectors for that. Of Philox,
// COUNTERS counters go side by side.
//
// Twins: Sources/SiLIF/Kinds/Blocks/{GLUBlock,GSUBlock,PSpikeBlock,Gates}.swift

/// Currents of LANES columns, F + 8 fractional bits.
TARGET static inline __attribute__((always_inline)) void NAME(load_currents)(const silif_current *c, ptrdiff_t first,
                                                                             int64_t *restrict current_qF8) {
  const int32_t *restrict sums = c->sums + first, *restrict mantissa = c->mantissa + first;
  const int32_t *restrict bias = c->bias_qF8 + first;
  const uint8_t *restrict shift = c->shift + first;
  for (int i = 0; i < LANES; i++)
    current_qF8[i] = rounded_variable_shift((int64_t)sums[i] * mantissa[i], shift[i]) + bias[i];
}

/// Currents as values of F fractional bits. Returns how many were clamped.
TARGET static inline __attribute__((always_inline)) int64_t NAME(as_values)(const int64_t *restrict current_qF8,
                                                                            int32_t *restrict value_qF) {
  int64_t saturated = 0;
  for (int i = 0; i < LANES; i++) {
    int64_t value = rounded_shift(current_qF8[i], 8);
    value_qF[i] = (int32_t)clamped(value, SILIF_STATE_LIMIT);
    saturated += value_qF[i] != value;
  }
  return saturated;
}

/// Adds value * gate, Q15, to LANES channels of the stream. Returns how many were clamped.
TARGET static inline __attribute__((always_inline)) int64_t NAME(add_gated)(const int32_t *restrict value_qF,
                                                                            const int32_t *restrict gate_q15,
                                                                            const int32_t *restrict from_qF,
                                                                            int32_t *restrict to_qF) {
  int64_t saturated = 0;
  for (int i = 0; i < LANES; i++) {
    int64_t sum = from_qF[i] + rounded_shift((int64_t)value_qF[i] * gate_q15[i], 15);
    to_qF[i] = (int32_t)clamped(sum, SILIF_STATE_LIMIT);
    saturated += to_qF[i] != sum;
  }
  return saturated;
}

TARGET SILIF_KERNEL void NAME(silif_mix_glu)(silif_mixing *m) {
  to_q16 shifts = to_q16_of(m->state_fraction_bits + 8);
  for (ptrdiff_t j = 0; j < m->width; j += LANES) {
    int64_t n_qF8[LANES], m_qF8[LANES];
    int32_t value_qF[LANES], gate[LANES];
    NAME(load_currents)(&m->current, j, n_qF8);
    NAME(load_currents)(&m->current, m->width + j, m_qF8);
    m->saturated += NAME(as_values)(n_qF8, value_qF);
    for (int i = 0; i < LANES; i++) gate[i] = curve_position(m_qF8[i], shifts, (int64_t)8 << 16);
    for (int i = 0; i < LANES; i++) gate[i] = on_line(silif_sigmoid_q15, gate[i], 12);
    m->saturated += NAME(add_gated)(value_qF, gate, m->from_qF + j, m->to_qF + j);
  }
}

TARGET SILIF_KERNEL void NAME(silif_mix_gelu)(silif_mixing *m) {
  to_q16 shifts = to_q16_of(m->state_fraction_bits);
  for (ptrdiff_t j = 0; j < m->width; j += LANES) {
    int64_t current_qF8[LANES];
    int32_t value_qF[LANES], gate[LANES];
    NAME(load_currents)(&m->current, j, current_qF8);
    m->saturated += NAME(as_values)(current_qF8, value_qF);
    for (int i = 0; i < LANES; i++) gate[i] = curve_position(value_qF[i], shifts, (int64_t)4 << 16);
    for (int i = 0; i < LANES; i++) gate[i] = on_line(silif_normal_q15, gate[i], 11);
    m->saturated += NAME(add_gated)(value_qF, gate, m->from_qF + j, m->to_qF + j);
  }
}

/// GELU of LANES values.
TARGET static inline __attribute__((always_inline)) void NAME(activate)(const int32_t *restrict from_qF, to_q16 shifts,
                                                                        int32_t *restrict to_qF) {
  int32_t gate[LANES];
  for (int i = 0; i < LANES; i++) gate[i] = curve_position(from_qF[i], shifts, (int64_t)4 << 16);
  for (int i = 0; i < LANES; i++) gate[i] = on_line(silif_normal_q15, gate[i], 11);
  for (int i = 0; i < LANES; i++) to_qF[i] = (int32_t)rounded_shift((int64_t)from_qF[i] * gate[i], 15);
}

/// Numbers of 16 bits for 8 * COUNTERS neurons, from a block of eight on.
TARGET static inline __attribute__((always_inline)) void NAME(draw)(const silif_sampling *s, uint32_t block,
                                                                    uint16_t *restrict numbers) {
  uint32_t a[COUNTERS], b[COUNTERS], c[COUNTERS], d[COUNTERS];
  for (int i = 0; i < COUNTERS; i++) {
    a[i] = (uint32_t)s->step;
    b[i] = (uint32_t)(s->step >> 32);
    c[i] = s->site;
    d[i] = block + (uint32_t)i;
  }
  philox(a, b, c, d, COUNTERS, s->seed);
  for (int i = 0; i < COUNTERS; i++) {
    uint32_t words[4] = {a[i], b[i], c[i], d[i]};
    for (int word = 0; word < 4; word++) {
      numbers[8 * i + 2 * word] = (uint16_t)words[word];
      numbers[8 * i + 2 * word + 1] = (uint16_t)(words[word] >> 16);
    }
  }
}

TARGET SILIF_KERNEL void NAME(silif_sample)(silif_sampling *s) {
  to_q16 shifts = to_q16_of(s->state_fraction_bits);
  uint16_t numbers[8 * COUNTERS];
  if (s->errors_q16 == 0 && s->is_shared) {
    NAME(draw)(s, 0, numbers);
    uint16_t number = numbers[0];
    for (int i = 0; i < 8 * COUNTERS; i++) numbers[i] = number;
  }
  for (ptrdiff_t j = 0; j < s->width; j += LANES) {
    int32_t value_qF[LANES], p_q16[LANES];
    if (s->is_activated) {
      NAME(activate)(s->values_qF + j, shifts, value_qF);
    } else {
      for (int i = 0; i < LANES; i++) value_qF[i] = s->values_qF[j + i];
    }
    const int32_t *restrict mantissa = s->mantissa + j, *restrict bias = s->bias_q16 + j;
    const uint8_t *restrict shift = s->shift + j;
    for (int i = 0; i < LANES; i++) {
      int64_t p = rounded_variable_shift((int64_t)value_qF[i] * mantissa[i], shift[i]) + bias[i];
      p_q16[i] = (int32_t)(p < 0 ? 0 : p > 0x10000 ? 0x10000 : p);
    }
    uint8_t *restrict spiked = s->spiked + j;
    if (s->errors_q16 != 0) {
      int32_t *restrict error = s->errors_q16 + j;
      for (int i = 0; i < LANES; i++) {
        int32_t sum = error[i] + p_q16[i], spike = sum > 0x7FFF;
        error[i] = sum - spike * 0x10000;
        spiked[i] = (uint8_t)spike;
      }
      continue;
    }
    ptrdiff_t at = j % (8 * COUNTERS);
    if (at == 0 && !s->is_shared) NAME(draw)(s, (uint32_t)(j / 8), numbers);
    for (int i = 0; i < LANES; i++) spiked[i] = p_q16[i] > numbers[at + i];
  }
}

/// LANES outputs from one on, of weights of 8 or 16 bits.
#define SUM_TERNARY(type)                                                                  \
  for (ptrdiff_t j = 0; j < s->width; j += LANES) {                                        \
    const type *restrict row = (const type *)s->rows + j;                                  \
    const int16_t *restrict threshold = s->threshold + j;                                  \
    int64_t sums[LANES] = {0};                                                             \
    for (ptrdiff_t i = 0; i < s->inputs; i++, row += s->width)                             \
      for (int k = 0; k < LANES; k++)                                                      \
        sums[k] += (int64_t)ternary_sign(row[k], threshold[k]) * (int64_t)s->values_qF[i]; \
    for (int k = 0; k < LANES; k++) s->sums_qF[j + k] = sums[k];                           \
  }

TARGET SILIF_KERNEL void NAME(silif_sum_ternary)(silif_ternary *s) {
  if (s->bits == 8) {
    SUM_TERNARY(int8_t)
  } else if (s->bits == 16) {
    SUM_TERNARY(int16_t)
  } else {
    // Half as many bytes, each of two outputs that lie half a row apart.
    ptrdiff_t half = s->width / 2;
    for (ptrdiff_t j = 0; j < half; j += HALF_LANES) {
      const int8_t *restrict row = (const int8_t *)s->rows + j;
      const int16_t *restrict low = s->threshold + j, *restrict high = s->threshold + half + j;
      int64_t low_sums[HALF_LANES] = {0}, high_sums[HALF_LANES] = {0};
      for (ptrdiff_t i = 0; i < s->inputs; i++, row += half) {
        for (int k = 0; k < HALF_LANES; k++) {
          // The low nibble's own top bit becomes the sign.
          low_sums[k] += (int64_t)ternary_sign(((row[k] & 15) ^ 8) - 8, low[k]) * (int64_t)s->values_qF[i];
          high_sums[k] += (int64_t)ternary_sign(row[k] >> 4, high[k]) * (int64_t)s->values_qF[i];
        }
      }
      for (int k = 0; k < HALF_LANES; k++) s->sums_qF[j + k] = low_sums[k], s->sums_qF[half + j + k] = high_sums[k];
    }
  }
}

#undef SUM_TERNARY
#undef NAME
#undef TARGET
