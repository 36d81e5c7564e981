// AVX2. Shifts of 64 bits to the right know no sign here, and clamping takes four instructions: what both would cost is
// avoided as the comments say.
//
// Twins: Sources/SiLIF/Kinds, Sources/SiLIF/Connection
#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels.h"
#include "list_table.h"
#include "space_output.h"

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

typedef __m256i V;

AVX2_INLINE V load(const void *from) { return _mm256_loadu_si256((const V *)from); }
AVX2_INLINE void store(void *to, V v) { _mm256_storeu_si256((V *)to, v); }
AVX2_INLINE __m128i low(V v) { return _mm256_castsi256_si128(v); }
AVX2_INLINE __m128i high(V v) { return _mm256_extracti128_si256(v, 1); }
/// Elements 1, 3, 5 and 7 in the low halves of 64 bits, where _mm256_mul_epi32 wants them.
AVX2_INLINE V odd(V v) { return _mm256_srli_epi64(v, 32); }
/// Eight bytes as eight times 32 bits.
AVX2_INLINE V widened(const uint8_t *from) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from)); }

/// Appends first + (the place of each bit of mask). Writes eight places: the caller has that room.
AVX2_INLINE ptrdiff_t list(uint16_t *to, ptrdiff_t count, ptrdiff_t first, unsigned mask) {
  __m128i places = _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)silif_places[mask]));
  _mm_storeu_si128((__m128i *)(to + count), _mm_add_epi16(places, _mm_set1_epi16((short)first)));
  return count + __builtin_popcount(mask);
}

// Sums of rows. `unpack` and `maddubs` by one add two rows with one instruction for 16 outputs less than widening each.

/// 32 outputs' sums of up to 255 rows: in `lo` outputs 0-7 and 16-23, in `hi` 8-15 and 24-31.
typedef struct {
  V lo, hi;
} tile;

AVX2_INLINE void add_pair(tile *sums, V row0, V row1) {
  V ones = _mm256_set1_epi8(1);
  sums->lo = _mm256_add_epi16(sums->lo, _mm256_maddubs_epi16(ones, _mm256_unpacklo_epi8(row0, row1)));
  sums->hi = _mm256_add_epi16(sums->hi, _mm256_maddubs_epi16(ones, _mm256_unpackhi_epi8(row0, row1)));
}

AVX2_INLINE void put(int32_t *sums, V v, int adds) { store(sums, adds ? _mm256_add_epi32(load(sums), v) : v); }

AVX2_INLINE void flush(const tile *t, int32_t *sums, int adds) {
  put(sums, _mm256_cvtepi16_epi32(low(t->lo)), adds);
  put(sums + 8, _mm256_cvtepi16_epi32(low(t->hi)), adds);
  put(sums + 16, _mm256_cvtepi16_epi32(high(t->lo)), adds);
  put(sums + 24, _mm256_cvtepi16_epi32(high(t->hi)), adds);
}

/// `tiles` (a constant) times 32 outputs.
AVX2_INLINE void sum_tiles(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                           int32_t *sums, int tiles) {
  ptrdiff_t start = 0;
  do {
    ptrdiff_t end = count - start < SILIF_ROWS_PER_TILE ? count : start + SILIF_ROWS_PER_TILE;
    tile t[4];
    for (int i = 0; i < tiles; i++) t[i].lo = t[i].hi = _mm256_setzero_si256();
    ptrdiff_t k = start;
    for (; k + 2 <= end; k += 2) {
      const int8_t *row0 = weights + active[k] * width;
      const int8_t *row1 = weights + active[k + 1] * width;
      for (int i = 0; i < tiles; i++) add_pair(&t[i], load(row0 + 32 * i), load(row1 + 32 * i));
    }
    if (k < end) {
      const int8_t *row = weights + active[k] * width;
      for (int i = 0; i < tiles; i++) add_pair(&t[i], load(row + 32 * i), _mm256_setzero_si256());
    }
    for (int i = 0; i < tiles; i++) flush(&t[i], sums + 32 * i, start > 0);
    start = end;
  } while (start < count);
}

/// The last 16 outputs of a width that is an odd multiple of 16.
AVX2_INLINE void sum_16(const int8_t *weights, ptrdiff_t width, const uint16_t *active, ptrdiff_t count,
                        int32_t *sums) {
  V lo = _mm256_setzero_si256(), hi = lo;
  for (ptrdiff_t start = 0; start < count; start += SILIF_ROWS_PER_TILE) {
    ptrdiff_t end = count - start < SILIF_ROWS_PER_TILE ? count : start + SILIF_ROWS_PER_TILE;
    V t = _mm256_setzero_si256();
    for (ptrdiff_t k = start; k < end; k++) {
      t = _mm256_add_epi16(t, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + active[k] * width))));
    }
    lo = _mm256_add_epi32(lo, _mm256_cvtepi16_epi32(low(t)));
    hi = _mm256_add_epi32(hi, _mm256_cvtepi16_epi32(high(t)));
  }
  store(sums, lo);
  store(sums + 8, hi);
}

AVX2 SILIF_KERNEL void silif_sum_rows8_avx2(const int8_t *weights, ptrdiff_t width, const uint16_t *active,
                                            ptrdiff_t count, int32_t *sums) {
  ptrdiff_t j = 0;
  for (; j + 128 <= width; j += 128) sum_tiles(weights + j, width, active, count, sums + j, 4);
  for (; j + 32 <= width; j += 32) sum_tiles(weights + j, width, active, count, sums + j, 1);
  if (j < width) sum_16(weights + j, width, active, count, sums + j);
}

AVX2_INLINE V widened16(const int16_t *from) { return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)from)); }

AVX2 SILIF_KERNEL void silif_sum_rows16_avx2(const int16_t *weights, ptrdiff_t width, const uint16_t *active,
                                             ptrdiff_t count, int32_t *sums) {
  ptrdiff_t j = 0;
  for (; j + 64 <= width; j += 64) {
    V t[8];
    for (int i = 0; i < 8; i++) t[i] = _mm256_setzero_si256();
    for (ptrdiff_t k = 0; k < count; k++) {
      const int16_t *row = weights + active[k] * width + j;
      for (int i = 0; i < 8; i++) t[i] = _mm256_add_epi32(t[i], widened16(row + 8 * i));
    }
    for (int i = 0; i < 8; i++) store(sums + j + 8 * i, t[i]);
  }
  for (; j < width; j += 16) {
    V t0 = _mm256_setzero_si256(), t1 = t0;
    for (ptrdiff_t k = 0; k < count; k++) {
      const int16_t *row = weights + active[k] * width + j;
      t0 = _mm256_add_epi32(t0, widened16(row));
      t1 = _mm256_add_epi32(t1, widened16(row + 8));
    }
    store(sums + j, t0);
    store(sums + j + 8, t1);
  }
}

// 4-bit weights. Nibbles as 0...15 are added in bytes, those sums in 16 bits, and 8 a row is taken off at the end.

AVX2_INLINE void put_words(int32_t *sums, __m128i totals, V offset) {
  store(sums, _mm256_sub_epi32(_mm256_cvtepu16_epi32(totals), offset));
}

/// 32 bytes: 32 outputs from `low_sums` on and 32 from `high_sums` on.
AVX2_INLINE void sum_nibbles32(const int8_t *weights, ptrdiff_t half, const uint16_t *active, ptrdiff_t count,
                               int32_t *low_sums, int32_t *high_sums) {
  V zero = _mm256_setzero_si256(), mask = _mm256_set1_epi8(0x0F), bias = _mm256_set1_epi8((char)0x88);
  V totals[4] = {zero, zero, zero, zero};
  for (ptrdiff_t start = 0; start < count; start += SILIF_ROWS_PER_BYTE) {
    ptrdiff_t end = count - start < SILIF_ROWS_PER_BYTE ? count : start + SILIF_ROWS_PER_BYTE;
    V lows = zero, highs = zero;
    for (ptrdiff_t k = start; k < end; k++) {
      V bytes = _mm256_xor_si256(load(weights + active[k] * half), bias);
      lows = _mm256_add_epi8(lows, _mm256_and_si256(bytes, mask));
      highs = _mm256_add_epi8(highs, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask));
    }
    totals[0] = _mm256_add_epi16(totals[0], _mm256_cvtepu8_epi16(low(lows)));
    totals[1] = _mm256_add_epi16(totals[1], _mm256_cvtepu8_epi16(high(lows)));
    totals[2] = _mm256_add_epi16(totals[2], _mm256_cvtepu8_epi16(low(highs)));
    totals[3] = _mm256_add_epi16(totals[3], _mm256_cvtepu8_epi16(high(highs)));
  }
  V offset = _mm256_set1_epi32((int32_t)(8 * count));
  for (int i = 0; i < 4; i++) {
    int32_t *to = (i < 2 ? low_sums : high_sums) + 16 * (i % 2);
    put_words(to, low(totals[i]), offset);
    put_words(to + 8, high(totals[i]), offset);
  }
}

/// The same for 8 bytes.
AVX2_INLINE void sum_nibbles8(const int8_t *weights, ptrdiff_t half, const uint16_t *active, ptrdiff_t count,
                              int32_t *low_sums, int32_t *high_sums) {
  __m128i mask = _mm_set1_epi16(0x0F), lows = _mm_setzero_si128(), highs = lows;
  for (ptrdiff_t k = 0; k < count; k++) {
    __m128i bytes = _mm_loadl_epi64((const __m128i *)(weights + active[k] * half));
    bytes = _mm_cvtepu8_epi16(_mm_xor_si128(bytes, _mm_set1_epi8((char)0x88)));
    lows = _mm_add_epi16(lows, _mm_and_si128(bytes, mask));
    highs = _mm_add_epi16(highs, _mm_srli_epi16(bytes, 4));
  }
  V offset = _mm256_set1_epi32((int32_t)(8 * count));
  put_words(low_sums, lows, offset);
  put_words(high_sums, highs, offset);
}

AVX2 SILIF_KERNEL void silif_sum_rows4_avx2(const int8_t *weights, ptrdiff_t width, const uint16_t *active,
                                            ptrdiff_t count, int32_t *sums) {
  ptrdiff_t half = width / 2, k = 0;
  for (; k + 32 <= half; k += 32) sum_nibbles32(weights + k, half, active, count, sums + k, sums + half + k);
  for (; k < half; k += 8) sum_nibbles8(weights + k, half, active, count, sums + k, sums + half + k);
}

// Dense input. Two rows' weights side by side meet their two values in `madd`: a product pair stays below 2^31 because
// the whole sum does (Sum|W|*limit was checked at load).

AVX2_INLINE ptrdiff_t list_non_zero(const int16_t *frame, ptrdiff_t inputs, uint16_t *listed) {
  ptrdiff_t count = 0;
  ptrdiff_t i = 0;
  for (; i + 8 <= inputs; i += 8) {
    __m128i zero = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(frame + i)), _mm_setzero_si128());
    count = list(listed, count, i, ~_mm_movemask_epi8(_mm_packs_epi16(zero, zero)) & 0xFF);
  }
  for (; i < inputs; i++) {
    listed[count] = (uint16_t)i;
    count += frame[i] != 0;
  }
  return count;
}

AVX2_INLINE V pair_of(const int16_t *frame, unsigned first, unsigned second) {
  return _mm256_set1_epi32((int32_t)((uint32_t)(uint16_t)frame[first] | (uint32_t)(uint16_t)frame[second] << 16));
}

/// `groups` (a constant) times 16 outputs.
AVX2_INLINE void dense_groups8(const int8_t *weights, ptrdiff_t width, const int16_t *frame, const uint16_t *listed,
                               ptrdiff_t count, int32_t *sums, int groups) {
  V t[8];
  for (int i = 0; i < 2 * groups; i++) t[i] = _mm256_setzero_si256();
  for (ptrdiff_t k = 0; k < count; k += 2) {
    unsigned first = listed[k];
    // An odd one out meets itself and the value zero.
    unsigned second = k + 1 < count ? listed[k + 1] : first;
    V values = pair_of(frame, first, second);
    if (k + 1 == count) values = _mm256_and_si256(values, _mm256_set1_epi32(0xFFFF));
    const int8_t *row0 = weights + first * width;
    const int8_t *row1 = weights + second * width;
    for (int i = 0; i < groups; i++) {
      __m128i a = _mm_loadu_si128((const __m128i *)(row0 + 16 * i));
      __m128i b = _mm_loadu_si128((const __m128i *)(row1 + 16 * i));
      t[2 * i] = _mm256_add_epi32(t[2 * i], _mm256_madd_epi16(values, _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b))));
      t[2 * i + 1] =
          _mm256_add_epi32(t[2 * i + 1], _mm256_madd_epi16(values, _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(a, b))));
    }
  }
  for (int i = 0; i < 2 * groups; i++) store(sums + 8 * i, t[i]);
}

AVX2 SILIF_KERNEL void silif_sum_dense8_avx2(const int8_t *weights, ptrdiff_t width, const int16_t *frame,
                                             ptrdiff_t inputs, uint16_t *listed, int32_t *sums) {
  ptrdiff_t count = list_non_zero(frame, inputs, listed);
  ptrdiff_t j = 0;
  for (; j + 64 <= width; j += 64) dense_groups8(weights + j, width, frame, listed, count, sums + j, 4);
  for (; j < width; j += 16) dense_groups8(weights + j, width, frame, listed, count, sums + j, 1);
}

/// `groups` (a constant) times 8 bytes of the half rows, which are as many outputs from `low_sums` on and as many from
/// `high_sums` on.
AVX2_INLINE void dense_groups4(const int8_t *weights, ptrdiff_t half, const int16_t *frame, const uint16_t *listed,
                               ptrdiff_t count, int32_t *low_sums, int32_t *high_sums, int groups) {
  V t[8];
  for (int i = 0; i < 2 * groups; i++) t[i] = _mm256_setzero_si256();
  for (ptrdiff_t k = 0; k < count; k += 2) {
    unsigned first = listed[k];
    unsigned second = k + 1 < count ? listed[k + 1] : first;
    V values = pair_of(frame, first, second);
    if (k + 1 == count) values = _mm256_and_si256(values, _mm256_set1_epi32(0xFFFF));
    const int8_t *row0 = weights + first * half;
    const int8_t *row1 = weights + second * half;
    for (int i = 0; i < groups; i++) {
      __m128i a = _mm_loadl_epi64((const __m128i *)(row0 + 8 * i));
      __m128i b = _mm_loadl_epi64((const __m128i *)(row1 + 8 * i));
      V pairs = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b));
      V lows = _mm256_srai_epi16(_mm256_slli_epi16(pairs, 12), 12), highs = _mm256_srai_epi16(pairs, 4);
      t[2 * i] = _mm256_add_epi32(t[2 * i], _mm256_madd_epi16(values, lows));
      t[2 * i + 1] = _mm256_add_epi32(t[2 * i + 1], _mm256_madd_epi16(values, highs));
    }
  }
  for (int i = 0; i < groups; i++) {
    store(low_sums + 8 * i, t[2 * i]);
    store(high_sums + 8 * i, t[2 * i + 1]);
  }
}

AVX2 SILIF_KERNEL void silif_sum_dense4_avx2(const int8_t *weights, ptrdiff_t width, const int16_t *frame,
                                             ptrdiff_t inputs, uint16_t *listed, int32_t *sums) {
  ptrdiff_t count = list_non_zero(frame, inputs, listed);
  ptrdiff_t half = width / 2, k = 0;
  for (; k + 32 <= half; k += 32) {
    dense_groups4(weights + k, half, frame, listed, count, sums + k, sums + half + k, 4);
  }
  for (; k < half; k += 8) dense_groups4(weights + k, half, frame, listed, count, sums + k, sums + half + k, 1);
}

AVX2 SILIF_KERNEL void silif_sum_dense16_avx2(const int16_t *weights, ptrdiff_t width, const int16_t *frame,
                                              ptrdiff_t inputs, uint16_t *listed, int32_t *sums) {
  ptrdiff_t count = list_non_zero(frame, inputs, listed);
  for (ptrdiff_t j = 0; j < width; j += 16) {
    V t0 = _mm256_setzero_si256(), t1 = t0;
    for (ptrdiff_t k = 0; k < count; k++) {
      const int16_t *row = weights + listed[k] * width + j;
      V value = _mm256_set1_epi32(frame[listed[k]]);
      t0 = _mm256_add_epi32(t0, _mm256_mullo_epi32(value, widened16(row)));
      t1 = _mm256_add_epi32(t1, _mm256_mullo_epi32(value, widened16(row + 8)));
    }
    store(sums + j, t0);
    store(sums + j + 8, t1);
  }
}

// Neurons, eight at a time: four of even and four of odd index, each in 64 bits.

/// rounded_variable_shift: |x| < 2^62, n clean in all 64 bits. With 2^63 added to 2x the shift need not know the sign;
/// what it made of those 2^63 is taken off again.
AVX2_INLINE V rounded_variable_shift(V x, V n) {
  V raised = _mm256_xor_si256(_mm256_add_epi64(x, x), _mm256_set1_epi64x(INT64_MIN));
  V shifted = _mm256_add_epi64(_mm256_srlv_epi64(raised, n), _mm256_set1_epi64x(1));
  return _mm256_sub_epi64(_mm256_srli_epi64(shifted, 1), _mm256_srlv_epi64(_mm256_set1_epi64x((int64_t)1 << 62), n));
}

/// x * 2^-30, rounded, in the low 32 bits, for |x| <= 2^60: the bits that a shift without sign gets wrong lie above.
AVX2_INLINE V upper(V x) { return _mm256_srli_epi64(_mm256_add_epi64(x, _mm256_set1_epi64x((int64_t)1 << 29)), 30); }

/// To ±2^60. Counts what is above `greatest` or below `least`.
AVX2_INLINE V clamped(V x, int64_t least, int64_t greatest, V *saturated) {
  V over = _mm256_cmpgt_epi64(x, _mm256_set1_epi64x(greatest));
  V under = _mm256_cmpgt_epi64(_mm256_set1_epi64x(least), x);
  *saturated = _mm256_sub_epi64(*saturated, _mm256_or_si256(over, under));
  V top = _mm256_set1_epi64x(SILIF_ADAPTATION_LIMIT), bottom = _mm256_set1_epi64x(-SILIF_ADAPTATION_LIMIT);
  x = _mm256_blendv_epi8(x, top, _mm256_cmpgt_epi64(x, top));
  return _mm256_blendv_epi8(x, bottom, _mm256_cmpgt_epi64(bottom, x));
}

AVX2_INLINE V clamped_adaptation(V w, V *saturated) {
  return clamped(w, -SILIF_ADAPTATION_LIMIT, SILIF_ADAPTATION_LIMIT, saturated);
}

/// A sum that is yet to be rounded to a state within ±2^30: what rounds to a limit does not count.
AVX2_INLINE V clamped_sum(V sum, V *saturated) {
  const int64_t half = (int64_t)1 << 29;
  return clamped(sum, -SILIF_ADAPTATION_LIMIT - half, SILIF_ADAPTATION_LIMIT + half - 1, saturated);
}

/// Bits of x + 2^60 that are set where x leaves ±2^60, and at its upper end. |x| < 2^62.
AVX2_INLINE V raised(V x) { return _mm256_add_epi64(x, _mm256_set1_epi64x(SILIF_ADAPTATION_LIMIT)); }
AVX2_INLINE int any_outside(V raised_sums) {
  return !_mm256_testz_si256(raised_sums, _mm256_set1_epi64x((int64_t)(UINT64_C(7) << 61)));
}

AVX2_INLINE int64_t total(V counts) {
  __m128i two = _mm_add_epi64(low(counts), high(counts));
  return _mm_cvtsi128_si64(two) + _mm_extract_epi64(two, 1);
}

/// I with F + 30 fractional bits.
AVX2_INLINE V aligned_current(V sum, V mantissa, V shift, V bias) {
  V scaled = rounded_variable_shift(_mm256_mul_epi32(sum, mantissa), shift);
  return _mm256_add_epi64(_mm256_slli_epi64(scaled, 22), _mm256_mul_epi32(bias, _mm256_set1_epi64x(1 << 22)));
}

/// What eight neurons' currents are made of.
typedef struct {
  V sum, mantissa, shift, bias;
} currents;

AVX2_INLINE currents load_currents(const silif_current *from, ptrdiff_t i) {
  return (currents){load(from->sums + i), load(from->mantissa + i), widened(from->shift + i), load(from->bias_qF8 + i)};
}

/// Elements 0, 2, 4 and 6, clean in all 64 bits: for what is not negative.
AVX2_INLINE V even_part(V v) { return _mm256_blend_epi32(v, _mm256_setzero_si256(), 0xAA); }
AVX2_INLINE V even_current(const currents *c) {
  return aligned_current(c->sum, c->mantissa, even_part(c->shift), c->bias);
}
AVX2_INLINE V odd_current(const currents *c) {
  return aligned_current(odd(c->sum), odd(c->mantissa), odd(c->shift), odd(c->bias));
}

/// Eight states of 32 bits out of the low halves of four even and four odd ones.
AVX2_INLINE V joined(V even, V odd) { return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA); }

/// Writes who fired as bytes of 0 or 1, and lists them.
AVX2_INLINE ptrdiff_t fire(V state, V threshold, uint8_t *spiked, uint16_t *active, ptrdiff_t count, ptrdiff_t first) {
  V fired = _mm256_cmpgt_epi32(state, threshold);
  __m128i words = _mm_packs_epi32(low(fired), high(fired));
  __m128i bytes = _mm_packs_epi16(words, words);
  _mm_storel_epi64((__m128i *)(spiked + first), _mm_sub_epi8(_mm_setzero_si128(), bytes));
  return list(active, count, first, (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(fired)));
}

typedef struct {
  V w, sum;
} silif_result;

AVX2_INLINE silif_result silif_half(V w, V u, V reset_u, V s_q30, V current, V decay, V gain, V leak_mantissa,
                                    V leak_shift, V subthreshold, V coupling, int clamps, V *saturated) {
  V leak = rounded_variable_shift(_mm256_mul_epi32(leak_mantissa, upper(w)), leak_shift);
  V rise = _mm256_add_epi64(_mm256_mul_epi32(subthreshold, u), _mm256_mul_epi32(coupling, s_q30));
  w = _mm256_add_epi64(_mm256_sub_epi64(w, leak), rise);
  if (clamps) w = clamped_adaptation(w, saturated);
  V sum = _mm256_sub_epi64(_mm256_mul_epi32(decay, reset_u), _mm256_mul_epi32(gain, upper(w)));
  sum = _mm256_add_epi64(sum, current);
  if (clamps) sum = clamped_sum(sum, saturated);
  return (silif_result){w, sum};
}

AVX2 SILIF_KERNEL ptrdiff_t silif_step_silif_avx2(silif_neurons *n) {
  V one = _mm256_set1_epi32((int32_t)1 << n->state_fraction_bits);
  __m128i fraction_bits = _mm_cvtsi32_si128(n->state_fraction_bits);
  V saturated = _mm256_setzero_si256();
  ptrdiff_t count = 0;
  for (ptrdiff_t i = 0; i < n->width; i += 8) {
    // w 0, 1 | 4, 5 and 2, 3 | 6, 7: from there even and odd are one instruction each.
    int64_t *w = n->adaptation_qF30 + i;
    V a = _mm256_loadu2_m128i((const __m128i *)(w + 4), (const __m128i *)w);
    V b = _mm256_loadu2_m128i((const __m128i *)(w + 6), (const __m128i *)(w + 2));
    V even_w = _mm256_unpacklo_epi64(a, b), odd_w = _mm256_unpackhi_epi64(a, b);
    V u = load(n->membrane_qF + i), s = widened(n->spiked + i);
    V reset_u = _mm256_sub_epi32(u, _mm256_sll_epi32(s, fraction_bits)), s_q30 = _mm256_slli_epi32(s, 30);
    currents c = load_currents(&n->current, i);
    V decay = load(n->decay_q30 + i), gain = load(n->input_gain_q30 + i);
    V mantissa = load(n->leak_mantissa + i), shift = widened(n->leak_shift + i);
    V subthreshold = load(n->subthreshold_coupling_q30 + i), coupling = load(n->spike_coupling_qF + i);
    V even_i = even_current(&c), odd_i = odd_current(&c);
#define EVEN(clamps)                                                                                             \
  silif_half(even_w, u, reset_u, s_q30, even_i, decay, gain, mantissa, even_part(shift), subthreshold, coupling, \
             clamps, &saturated)
#define ODD(clamps)                                                                                            \
  silif_half(odd_w, odd(u), odd(reset_u), odd(s_q30), odd_i, odd(decay), odd(gain), odd(mantissa), odd(shift), \
             odd(subthreshold), odd(coupling), clamps, &saturated)
    silif_result even_r = EVEN(0), odd_r = ODD(0);
    V outside = _mm256_or_si256(_mm256_or_si256(raised(even_r.w), raised(even_r.sum)),
                                _mm256_or_si256(raised(odd_r.w), raised(odd_r.sum)));
    // Sums leave their range in broken networks only: those pay for a second run.
    if (__builtin_expect(any_outside(outside), 0)) {
      even_r = EVEN(1);
      odd_r = ODD(1);
    }
#undef EVEN
#undef ODD
    a = _mm256_unpacklo_epi64(even_r.w, odd_r.w);
    b = _mm256_unpackhi_epi64(even_r.w, odd_r.w);
    _mm256_storeu2_m128i((__m128i *)(w + 4), (__m128i *)w, a);
    _mm256_storeu2_m128i((__m128i *)(w + 6), (__m128i *)(w + 2), b);
    V state = joined(upper(even_r.sum), upper(odd_r.sum));
    store(n->membrane_qF + i, state);
    count = fire(state, one, n->spiked, n->active, count, i);
  }
  n->saturated += total(saturated);
  return count;
}

/// C-SiLIF takes half a threshold from Re u before the rotation; RF takes one after it.
AVX2_INLINE ptrdiff_t complex_step(silif_complex_neurons *n, int is_rf) {
  int threshold_bits = n->state_fraction_bits - (is_rf ? 0 : 1);
  V threshold = _mm256_set1_epi32((int32_t)1 << threshold_bits);
  __m128i reset_bits = _mm_cvtsi32_si128(threshold_bits);
  V saturated = _mm256_setzero_si256();
  ptrdiff_t count = 0;
  for (ptrdiff_t i = 0; i < n->width; i += 8) {
    currents c = load_currents(&n->current, i);
    V reset = _mm256_sll_epi32(widened(n->spiked + i), reset_bits);
    V re = is_rf ? load(n->real_qF + i) : _mm256_sub_epi32(load(n->real_qF + i), reset);
    V im = load(n->imaginary_qF + i);
    V cos = load(n->decay_real_q30 + i), sin = load(n->decay_imaginary_q30 + i);
    V odd_re = odd(re), odd_im = odd(im), odd_cos = odd(cos), odd_sin = odd(sin);
    V even_sum_re =
        _mm256_add_epi64(_mm256_sub_epi64(_mm256_mul_epi32(cos, re), _mm256_mul_epi32(sin, im)), even_current(&c));
    V odd_sum_re = _mm256_add_epi64(
        _mm256_sub_epi64(_mm256_mul_epi32(odd_cos, odd_re), _mm256_mul_epi32(odd_sin, odd_im)), odd_current(&c));
    V even_sum_im = _mm256_add_epi64(_mm256_mul_epi32(sin, re), _mm256_mul_epi32(cos, im));
    V odd_sum_im = _mm256_add_epi64(_mm256_mul_epi32(odd_sin, odd_re), _mm256_mul_epi32(odd_cos, odd_im));
    if (is_rf) {
      even_sum_re = _mm256_sub_epi64(even_sum_re, _mm256_slli_epi64(even_part(reset), 30));
      odd_sum_re = _mm256_sub_epi64(odd_sum_re, _mm256_slli_epi64(odd(reset), 30));
    }
    V outside = _mm256_or_si256(_mm256_or_si256(raised(even_sum_re), raised(even_sum_im)),
                                _mm256_or_si256(raised(odd_sum_re), raised(odd_sum_im)));
    if (__builtin_expect(any_outside(outside), 0)) {
      even_sum_re = clamped_sum(even_sum_re, &saturated);
      odd_sum_re = clamped_sum(odd_sum_re, &saturated);
      even_sum_im = clamped_sum(even_sum_im, &saturated);
      odd_sum_im = clamped_sum(odd_sum_im, &saturated);
    }
    V state = joined(upper(even_sum_re), upper(odd_sum_re));
    store(n->real_qF + i, state);
    store(n->imaginary_qF + i, joined(upper(even_sum_im), upper(odd_sum_im)));
    count = fire(state, threshold, n->spiked, n->active, count, i);
  }
  n->saturated += total(saturated);
  return count;
}

AVX2 SILIF_KERNEL ptrdiff_t silif_step_csilif_avx2(silif_complex_neurons *n) { return complex_step(n, 0); }

AVX2 SILIF_KERNEL ptrdiff_t silif_step_rf_avx2(silif_complex_neurons *n) { return complex_step(n, 1); }

AVX2 SILIF_KERNEL ptrdiff_t silif_step_lif_avx2(silif_lif_neurons *n) {
  V one = _mm256_set1_epi32((int32_t)1 << n->state_fraction_bits);
  __m128i fraction_bits = _mm_cvtsi32_si128(n->state_fraction_bits);
  V saturated = _mm256_setzero_si256();
  ptrdiff_t count = 0;
  for (ptrdiff_t i = 0; i < n->width; i += 8) {
    currents c = load_currents(&n->current, i);
    V u = load(n->membrane_qF + i), decay = load(n->decay_q30 + i);
    V reset = _mm256_sll_epi32(widened(n->spiked + i), fraction_bits);
    V even_sum = _mm256_add_epi64(_mm256_mul_epi32(decay, u), even_current(&c));
    V odd_sum = _mm256_add_epi64(_mm256_mul_epi32(odd(decay), odd(u)), odd_current(&c));
    even_sum = clamped_sum(_mm256_sub_epi64(even_sum, _mm256_slli_epi64(even_part(reset), 30)), &saturated);
    odd_sum = clamped_sum(_mm256_sub_epi64(odd_sum, _mm256_slli_epi64(odd(reset), 30)), &saturated);
    V state = joined(upper(even_sum), upper(odd_sum));
    store(n->membrane_qF + i, state);
    count = fire(state, one, n->spiked, n->active, count, i);
  }
  n->saturated += total(saturated);
  return count;
}

/// Four neurons' sums for the membrane, and in `synapse` those for the synapse, both clamped.
AVX2_INLINE V cuba_half(V u, V i, V current, V decay, V synapse_decay, V offset, V dropped, V bias, V *synapse,
                        V *saturated) {
  V taken = _mm256_add_epi64(_mm256_mul_epi32(synapse_decay, i), current);
  V sum = _mm256_add_epi64(_mm256_mul_epi32(decay, u), _mm256_andnot_si256(dropped, taken));
  // As products, which know the sign.
  sum = _mm256_add_epi64(sum, _mm256_mul_epi32(offset, _mm256_set1_epi64x(1 << 30)));
  sum = _mm256_add_epi64(sum, _mm256_mul_epi32(bias, _mm256_set1_epi64x(1 << 22)));
  *synapse = upper(clamped_sum(taken, saturated));
  return clamped_sum(sum, saturated);
}

AVX2 SILIF_KERNEL ptrdiff_t silif_step_cuba_avx2(silif_cuba_neurons *n) {
  V saturated = _mm256_setzero_si256(), none = _mm256_setzero_si256();
  ptrdiff_t count = 0;
  for (ptrdiff_t i = 0; i < n->width; i += 8) {
    currents c = load_currents(&n->current, i);
    V u = load(n->membrane_qF + i), synapse = load(n->synapse_qF + i), bias = load(n->membrane_bias_qF8 + i);
    V synapse_decay = load(n->synapse_decay_q30 + i);
    V fired = _mm256_sub_epi32(none, widened(n->spiked + i));
    V decay = _mm256_blendv_epi8(load(n->decay_q30 + i), load(n->spike_decay_q30 + i), fired);
    V offset = _mm256_and_si256(load(n->spike_offset_qF + i), fired);
    V dropped = _mm256_and_si256(_mm256_cmpeq_epi32(widened(n->input_after_spike + i), none), fired);
    V even_i, odd_i;
    V even_sum = cuba_half(u, synapse, even_current(&c), decay, synapse_decay, offset,
                           _mm256_shuffle_epi32(dropped, _MM_SHUFFLE(2, 2, 0, 0)), bias, &even_i, &saturated);
    V odd_sum = cuba_half(odd(u), odd(synapse), odd_current(&c), odd(decay), odd(synapse_decay), odd(offset),
                          _mm256_shuffle_epi32(dropped, _MM_SHUFFLE(3, 3, 1, 1)), odd(bias), &odd_i, &saturated);
    V state = joined(upper(even_sum), upper(odd_sum));
    store(n->synapse_qF + i, joined(even_i, odd_i));
    store(n->membrane_qF + i, state);
    count = fire(state, load(n->threshold_qF + i), n->spiked, n->active, count, i);
  }
  n->saturated += total(saturated);
  return count;
}

AVX2 SILIF_KERNEL void silif_step_readout_avx2(silif_readout *n) {
  V saturated = _mm256_setzero_si256();
  for (ptrdiff_t i = 0; i < n->width; i += 8) {
    currents c = load_currents(&n->current, i);
    V u = load(n->membrane_qF + i), decay = load(n->decay_q30 + i);
    V even_sum = _mm256_add_epi64(_mm256_mul_epi32(decay, u), even_current(&c));
    V odd_sum = _mm256_add_epi64(_mm256_mul_epi32(odd(decay), odd(u)), odd_current(&c));
    even_sum = clamped_sum(even_sum, &saturated);
    odd_sum = clamped_sum(odd_sum, &saturated);
    store(n->membrane_qF + i, joined(upper(even_sum), upper(odd_sum)));
  }
  n->saturated += total(saturated);
}

/// Four pairs at a time: real and imaginary parts lie beside each other, as even and odd elements. The new states fit 32 bits,
/// so a shift that knows no sign gives them too.
AVX2 SILIF_KERNEL void silif_step_spaces_avx2(silif_state_spaces *n) {
  const V half = _mm256_set1_epi64x((int64_t)1 << 29);
  for (ptrdiff_t j = 0; j < n->width; j++) {
    V x = _mm256_set1_epi64x(n->values[j]), sum = _mm256_setzero_si256();
    ptrdiff_t first = j * n->pairs;
    for (ptrdiff_t k = 0; k < n->pairs; k += 4) {
      ptrdiff_t left = n->pairs - k;
      V places = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
      V mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(left < 4 ? (int)left : 4), places);
      int32_t *states = n->states + 2 * (first + k);
      V u = _mm256_maskload_epi32(states, mask);
      V decay = _mm256_maskload_epi32(n->decay + 2 * (first + k), mask);
      __m128i narrow = _mm_cmpgt_epi32(_mm_set1_epi32((int)left), _mm_setr_epi32(0, 1, 2, 3));
      V gain = _mm256_cvtepi32_epi64(_mm_maskload_epi32(n->gain + first + k, narrow));
      // Of 16 bits there is no masked load, but a pair of them is one of 32.
      V output = _mm256_cvtepi16_epi32(_mm_maskload_epi32((const int32_t *)(n->output + 2 * (first + k)), narrow));
      V turned = odd(u), turn = odd(decay);
      V real = _mm256_sub_epi64(_mm256_mul_epi32(u, decay), _mm256_mul_epi32(turned, turn));
      V imaginary = _mm256_add_epi64(_mm256_mul_epi32(u, turn), _mm256_mul_epi32(turned, decay));
      real = _mm256_add_epi64(_mm256_add_epi64(real, _mm256_mul_epi32(gain, x)), half);
      imaginary = _mm256_add_epi64(imaginary, half);
      V next = _mm256_blend_epi32(_mm256_srli_epi64(real, 30), _mm256_slli_epi64(imaginary, 2), 0xAA);
      _mm256_maskstore_epi32(states, mask, next);
      sum = _mm256_add_epi64(sum, _mm256_mul_epi32(next, output));
      sum = _mm256_sub_epi64(sum, _mm256_mul_epi32(odd(next), odd(output)));
    }
    __m128i pair = _mm_add_epi64(low(sum), high(sum));
    int64_t total = _mm_cvtsi128_si64(_mm_add_epi64(pair, _mm_unpackhi_epi64(pair, pair)));
    n->values[j] = space_output(total + (int64_t)n->skip[j] * n->values[j], n->output_shift[j], &n->saturated);
  }
}
#endif
