// AVX-512 for the neurons: eight 64-bit lanes, with the arithmetic shifts and the clamping that AVX2 lacks. The sums are
// as fast as memory in AVX2.
//
// Twins: Sources/SiLIF/Kinds, Sources/SiLIF/Connection
#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels.h"
#include "space_output.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define AVX512_INLINE static inline __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), always_inline))

typedef __m512i V;

AVX512_INLINE __m256i load8(const int32_t *from) { return _mm256_loadu_si256((const __m256i *)from); }
AVX512_INLINE V load(const int32_t *from) { return _mm512_cvtepi32_epi64(load8(from)); }
AVX512_INLINE V load_bytes(const uint8_t *from) { return _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)from)); }
AVX512_INLINE __m256i load_bytes8(const uint8_t *from) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
}
AVX512_INLINE void store8(int32_t *to, __m256i v) { _mm256_storeu_si256((__m256i *)to, v); }

AVX512_INLINE V rounded_variable_shift(V x, V n) {
  V shifted = _mm512_add_epi64(_mm512_srav_epi64(_mm512_add_epi64(x, x), n), _mm512_set1_epi64(1));
  return _mm512_srai_epi64(shifted, 1);
}

AVX512_INLINE V upper(V x) { return _mm512_srai_epi64(_mm512_add_epi64(x, _mm512_set1_epi64((int64_t)1 << 29)), 30); }

AVX512_INLINE V clamped(V x, int64_t limit, V *differences) {
  V kept = _mm512_max_epi64(_mm512_min_epi64(x, _mm512_set1_epi64(limit)), _mm512_set1_epi64(-limit));
  *differences = _mm512_or_si512(*differences, _mm512_xor_si512(x, kept));
  return kept;
}

/// I with F + 30 fractional bits.
AVX512_INLINE V aligned_current(const silif_current *c, ptrdiff_t i) {
  V scaled =
      rounded_variable_shift(_mm512_mul_epi32(load(c->sums + i), load(c->mantissa + i)), load_bytes(c->shift + i));
  return _mm512_slli_epi64(_mm512_add_epi64(scaled, load(c->bias_qF8 + i)), 22);
}

/// Writes who fired as bytes of 0 or 1, and lists them.
AVX512_INLINE ptrdiff_t fire(__m256i state, __m256i threshold, uint8_t *spiked, uint16_t *active, ptrdiff_t count,
                             ptrdiff_t first) {
  __mmask8 fired = _mm256_cmpgt_epi32_mask(state, threshold);
  _mm_storel_epi64((__m128i *)(spiked + first), _mm_maskz_set1_epi8(fired, 1));
  __m256i places = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32((int)first));
  __m256i listed = _mm256_maskz_compress_epi32(fired, places);
  _mm_storeu_si128((__m128i *)(active + count), _mm256_cvtepi32_epi16(listed));
  return count + __builtin_popcount(fired);
}

AVX512 SILIF_KERNEL ptrdiff_t silif_step_silif_avx512(silif_neurons *n) {
  __m256i one = _mm256_set1_epi32((int32_t)1 << n->state_fraction_bits);
  __m128i fraction_bits = _mm_cvtsi32_si128(n->state_fraction_bits);
  ptrdiff_t count = 0;
  int64_t saturated = 0;
  for (ptrdiff_t i = 0; i < n->width; i += 8) {
    V w = _mm512_loadu_si512(n->adaptation_qF30 + i);
    __m256i u = load8(n->membrane_qF + i), s = load_bytes8(n->spiked + i);
    V reset_u = _mm512_cvtepi32_epi64(_mm256_sub_epi32(u, _mm256_sll_epi32(s, fraction_bits)));
    V s_q30 = _mm512_cvtepi32_epi64(_mm256_slli_epi32(s, 30));
    V leak =
        rounded_variable_shift(_mm512_mul_epi32(load(n->leak_mantissa + i), upper(w)), load_bytes(n->leak_shift + i));
    V rise = _mm512_add_epi64(_mm512_mul_epi32(load(n->subthreshold_coupling_q30 + i), _mm512_cvtepi32_epi64(u)),
                              _mm512_mul_epi32(load(n->spike_coupling_qF + i), s_q30));
    V free_w = _mm512_add_epi64(_mm512_sub_epi64(w, leak), rise);
    V differences = _mm512_setzero_si512();
    w = clamped(free_w, SILIF_ADAPTATION_LIMIT, &differences);
    V sum = _mm512_sub_epi64(_mm512_mul_epi32(load(n->decay_q30 + i), reset_u),
                             _mm512_mul_epi32(load(n->input_gain_q30 + i), upper(w)));
    V free_u = upper(_mm512_add_epi64(sum, aligned_current(&n->current, i)));
    V kept = clamped(free_u, SILIF_STATE_LIMIT, &differences);
    if (__builtin_expect(_mm512_test_epi64_mask(differences, differences) != 0, 0)) {
      saturated += __builtin_popcount(_mm512_cmpneq_epi64_mask(w, free_w)) +
                   __builtin_popcount(_mm512_cmpneq_epi64_mask(kept, free_u));
    }
    _mm512_storeu_si512(n->adaptation_qF30 + i, w);
    __m256i state = _mm512_cvtepi64_epi32(kept);
    store8(n->membrane_qF + i, state);
    count = fire(state, one, n->spiked, n->active, count, i);
  }
  n->saturated += saturated;
  return count;
}

/// C-SiLIF takes half a threshold from Re u before the rotation; RF takes one after it.
AVX512_INLINE ptrdiff_t complex_step(silif_complex_neurons *n, int is_rf) {
  int threshold_bits = n->state_fraction_bits - (is_rf ? 0 : 1);
  __m256i threshold = _mm256_set1_epi32((int32_t)1 << threshold_bits);
  __m128i reset_bits = _mm_cvtsi32_si128(threshold_bits);
  ptrdiff_t count = 0;
  int64_t saturated = 0;
  for (ptrdiff_t i = 0; i < n->width; i += 8) {
    __m256i reset = _mm256_sll_epi32(load_bytes8(n->spiked + i), reset_bits);
    __m256i before = load8(n->real_qF + i);
    V re = _mm512_cvtepi32_epi64(is_rf ? before : _mm256_sub_epi32(before, reset));
    V im = load(n->imaginary_qF + i);
    V cos = load(n->decay_real_q30 + i), sin = load(n->decay_imaginary_q30 + i);
    V sum_re = _mm512_add_epi64(_mm512_sub_epi64(_mm512_mul_epi32(cos, re), _mm512_mul_epi32(sin, im)),
                                aligned_current(&n->current, i));
    if (is_rf) sum_re = _mm512_sub_epi64(sum_re, _mm512_slli_epi64(_mm512_cvtepi32_epi64(reset), 30));
    V sum_im = _mm512_add_epi64(_mm512_mul_epi32(sin, re), _mm512_mul_epi32(cos, im));
    V differences = _mm512_setzero_si512();
    V free_re = upper(sum_re), free_im = upper(sum_im);
    V kept_re = clamped(free_re, SILIF_STATE_LIMIT, &differences);
    V kept_im = clamped(free_im, SILIF_STATE_LIMIT, &differences);
    if (__builtin_expect(_mm512_test_epi64_mask(differences, differences) != 0, 0)) {
      saturated += __builtin_popcount(_mm512_cmpneq_epi64_mask(kept_re, free_re)) +
                   __builtin_popcount(_mm512_cmpneq_epi64_mask(kept_im, free_im));
    }
    __m256i state = _mm512_cvtepi64_epi32(kept_re);
    store8(n->real_qF + i, state);
    store8(n->imaginary_qF + i, _mm512_cvtepi64_epi32(kept_im));
    count = fire(state, threshold, n->spiked, n->active, count, i);
  }
  n->saturated += saturated;
  return count;
}

AVX512 SILIF_KERNEL ptrdiff_t silif_step_csilif_avx512(silif_complex_neurons *n) { return complex_step(n, 0); }

AVX512 SILIF_KERNEL ptrdiff_t silif_step_rf_avx512(silif_complex_neurons *n) { return complex_step(n, 1); }

/// Eight pairs at a time, as AVX2 four.
AVX512 SILIF_KERNEL void silif_step_spaces_avx512(silif_state_spaces *n) {
  const V half = _mm512_set1_epi64((int64_t)1 << 29);
  for (ptrdiff_t j = 0; j < n->width; j++) {
    V x = _mm512_set1_epi64(n->values[j]), sum = _mm512_setzero_si512();
    ptrdiff_t first = j * n->pairs;
    for (ptrdiff_t k = 0; k < n->pairs; k += 8) {
      unsigned left = n->pairs - k < 8 ? (unsigned)(n->pairs - k) : 8;
      __mmask16 parts = (__mmask16)((1u << 2 * left) - 1);
      int32_t *states = n->states + 2 * (first + k);
      V u = _mm512_maskz_loadu_epi32(parts, states);
      V decay = _mm512_maskz_loadu_epi32(parts, n->decay + 2 * (first + k));
      V gain = _mm512_cvtepi32_epi64(_mm256_maskz_loadu_epi32((__mmask8)((1u << left) - 1), n->gain + first + k));
      V output = _mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(parts, n->output + 2 * (first + k)));
      V turned = _mm512_srli_epi64(u, 32), turn = _mm512_srli_epi64(decay, 32);
      V real = _mm512_sub_epi64(_mm512_mul_epi32(u, decay), _mm512_mul_epi32(turned, turn));
      V imaginary = _mm512_add_epi64(_mm512_mul_epi32(u, turn), _mm512_mul_epi32(turned, decay));
      real = _mm512_add_epi64(_mm512_add_epi64(real, _mm512_mul_epi32(gain, x)), half);
      imaginary = _mm512_add_epi64(imaginary, half);
      V next = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(real, 30), _mm512_slli_epi64(imaginary, 2));
      _mm512_mask_storeu_epi32(states, parts, next);
      sum = _mm512_add_epi64(sum, _mm512_mul_epi32(next, output));
      sum = _mm512_sub_epi64(sum, _mm512_mul_epi32(_mm512_srli_epi64(next, 32), _mm512_srli_epi64(output, 32)));
    }
    int64_t total = _mm512_reduce_add_epi64(sum) + (int64_t)n->skip[j] * n->values[j];
    n->values[j] = space_output(total, n->output_shift[j], &n->saturated);
  }
}
#endif
