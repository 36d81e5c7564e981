/* Forward passes of the neurons in the engine's integers (docs/ARITHMETIC.md), for quantization-aware training.
 *
 * Compiled by kernels.py at first use. silif_tools/integer defines the result, and tests compare the two bit for bit;
 * the backward passes are scan.c's, which take the same states. [T, B, H] arrays are contiguous. sums are exact sums
 * of integer weights; table is [rows, H] int64: mantissa (signed), shift and bias of the current, then the neuron's
 * coefficients. States have FRACTION fractional bits, currents and coefficients as in ARITHMETIC.md.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MAX_H 2048
#define FRACTION 16
#define COEFFICIENT 30
#define STATE_LIMIT ((int64_t)1 << 30)
#define ADAPTATION_LIMIT ((int64_t)1 << 60)
#define ONE_SPIKE ((uint16_t)0x3f80) /* 1 in bfloat16 */

static const int64_t one = (int64_t)1 << FRACTION;

static inline int64_t rounded(int64_t x, int64_t bits) { return (x + ((int64_t)1 << bits >> 1)) >> bits; }

static inline int64_t clamped(int64_t x, int64_t limit) { return x > limit ? limit : x < -limit ? -limit : x; }

static inline int64_t current(int64_t sum, int64_t mantissa, int64_t shift, int64_t bias) {
  return (rounded(sum * mantissa, shift) + bias) * ((int64_t)1 << 22);
}

/* Dropout, in scan.c. */
void drop(uint16_t *row, size_t H, uint32_t at, uint32_t seed, uint32_t drop_below);

/* table: mantissa, shift, bias; al, 1 - al, leak mantissa, leak shift, a, b. Outputs u, w as reals, s bfloat16 0 or 1
 * after dropout. */
void silif_fixed(const int32_t *sums, const int64_t *table, size_t T, size_t B, size_t H, float *u, float *w,
                 uint16_t *s, uint32_t seed, uint32_t drop_below, int threads) {
  const int64_t *mantissa = table, *shift = table + H, *bias = table + 2 * H, *al = table + 3 * H;
  const int64_t *gain = table + 4 * H, *leak = table + 5 * H, *leak_shift = table + 6 * H;
  const int64_t *a = table + 7 * H, *b = table + 8 * H;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t n = 0; n < B; n++) {
    int64_t uu[MAX_H], ww[MAX_H];
    memset(uu, 0, H * sizeof(int64_t));
    memset(ww, 0, H * sizeof(int64_t));
    for (size_t t = 0; t < T; t++) {
      size_t at = (t * B + n) * H;
      const int32_t *sum = sums + at;
      float *ur = u + at, *wr = w + at;
      uint16_t *sr = s + at;
#pragma omp simd
      for (size_t j = 0; j < H; j++) {
        int64_t spiked = uu[j] > one ? 1 : 0;
        int64_t out = rounded(leak[j] * rounded(ww[j], COEFFICIENT), leak_shift[j]);
        int64_t in = a[j] * uu[j] + b[j] * spiked * ((int64_t)1 << COEFFICIENT);
        int64_t wn = clamped(ww[j] - out + in, ADAPTATION_LIMIT);
        int64_t total = al[j] * (uu[j] - spiked * one) - gain[j] * rounded(wn, COEFFICIENT) +
                        current(sum[j], mantissa[j], shift[j], bias[j]);
        int64_t un = clamped(rounded(total, COEFFICIENT), STATE_LIMIT);
        uu[j] = un;
        ww[j] = wn;
        ur[j] = (float)un * (1.0f / (1 << FRACTION));
        wr[j] = (float)wn * (1.0f / (1 << FRACTION) / (1 << COEFFICIENT));
        sr[j] = un > one ? ONE_SPIKE : 0;
      }
      if (drop_below) drop(sr, H, (uint32_t)at, seed, drop_below);
    }
  }
}

/* table: mantissa, shift, bias; Re A, Im A. Outputs re, im of u as reals. */
void csilif_fixed(const int32_t *sums, const int64_t *table, size_t T, size_t B, size_t H, float *re, float *im,
                  uint16_t *s, uint32_t seed, uint32_t drop_below, int threads) {
  const int64_t *mantissa = table, *shift = table + H, *bias = table + 2 * H;
  const int64_t *are = table + 3 * H, *aim = table + 4 * H;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t n = 0; n < B; n++) {
    int64_t rr[MAX_H], ii[MAX_H];
    memset(rr, 0, H * sizeof(int64_t));
    memset(ii, 0, H * sizeof(int64_t));
    for (size_t t = 0; t < T; t++) {
      size_t at = (t * B + n) * H;
      const int32_t *sum = sums + at;
      float *ro = re + at, *io = im + at;
      uint16_t *sr = s + at;
#pragma omp simd
      for (size_t j = 0; j < H; j++) {
        int64_t v = rr[j] - (rr[j] > one / 2 ? one / 2 : 0);
        int64_t r = are[j] * v - aim[j] * ii[j] + current(sum[j], mantissa[j], shift[j], bias[j]);
        int64_t i = aim[j] * v + are[j] * ii[j];
        rr[j] = clamped(rounded(r, COEFFICIENT), STATE_LIMIT);
        ii[j] = clamped(rounded(i, COEFFICIENT), STATE_LIMIT);
        ro[j] = (float)rr[j] * (1.0f / (1 << FRACTION));
        io[j] = (float)ii[j] * (1.0f / (1 << FRACTION));
        sr[j] = rr[j] > one / 2 ? ONE_SPIKE : 0;
      }
      if (drop_below) drop(sr, H, (uint32_t)at, seed, drop_below);
    }
  }
}

/* table: mantissa, shift, bias; al. Output u as a real: exact below 256, rounded to float32 above. */
void readout_fixed(const int32_t *sums, const int64_t *table, size_t T, size_t B, size_t H, float *u) {
  const int64_t *mantissa = table, *shift = table + H, *bias = table + 2 * H, *al = table + 3 * H;
  for (size_t n = 0; n < B; n++) {
    int64_t uu[MAX_H];
    memset(uu, 0, H * sizeof(int64_t));
    for (size_t t = 0; t < T; t++) {
      size_t at = (t * B + n) * H;
      for (size_t j = 0; j < H; j++) {
        int64_t total = al[j] * uu[j] + current(sums[at + j], mantissa[j], shift[j], bias[j]);
        uu[j] = clamped(rounded(total, COEFFICIENT), STATE_LIMIT);
        u[at + j] = (float)uu[j] * (1.0f / (1 << FRACTION));
      }
    }
  }
}
