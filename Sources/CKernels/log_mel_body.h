// The front end's loops (Sources/LogMel), which the compiler vectorises for the instruction set of TARGET; included once
// for each by log_mel.c, with NAME(x) giving x a name of its own. Bounds and roundings are those of the Swift twins.
//
// Twins: Sources/LogMel

TARGET SILIF_KERNEL int32_t NAME(silif_emphasise)(const int16_t *restrict samples, ptrdiff_t count,
                                                  int32_t preemphasis_q15, int32_t mean_term_q15,
                                                  int32_t *restrict output_q15) {
  int32_t first = (32768 - preemphasis_q15) * samples[0] - mean_term_q15;
  int32_t magnitude = first ^ (first >> 31);
  output_q15[0] = first;
  for (ptrdiff_t i = 1; i < count; i++) {
    int32_t x = samples[i] * 32768 - preemphasis_q15 * samples[i - 1] - mean_term_q15;
    output_q15[i] = x;
    magnitude |= x ^ (x >> 31);
  }
  return magnitude;
}

TARGET SILIF_KERNEL void NAME(silif_window)(const int32_t *restrict samples, ptrdiff_t half,
                                            const int32_t *restrict window_q24, int32_t shift,
                                            int32_t *restrict output) {
  for (ptrdiff_t n = 0; n < half; n++) {
    output[n] = ROUNDED((int64_t)samples[2 * n] * window_q24[2 * n], shift);
    output[n + 256] = ROUNDED((int64_t)samples[2 * n + 1] * window_q24[2 * n + 1], shift);
  }
  for (ptrdiff_t n = half; n < 256; n++) output[n] = output[n + 256] = 0;
}

// Four complex values and their transform of four points.
#define BUTTERFLY(from, t)                                                                                    \
  int32_t re0 = (from)[t], re1 = (from)[(t) + 64], re2 = (from)[(t) + 128], re3 = (from)[(t) + 192];          \
  int32_t im0 = (from)[(t) + 256], im1 = (from)[(t) + 320], im2 = (from)[(t) + 384], im3 = (from)[(t) + 448]; \
  int32_t sum_re = re0 + re2, sum_im = im0 + im2, difference_re = re0 - re2, difference_im = im0 - im2;       \
  int32_t sum2_re = re1 + re3, sum2_im = im1 + im3, difference2_re = re1 - re3, difference2_im = im1 - im3;   \
  re0 = sum_re + sum2_re;                                                                                     \
  im0 = sum_im + sum2_im;                                                                                     \
  re1 = difference_re + difference2_im;                                                                       \
  im1 = difference_im - difference2_re;                                                                       \
  re2 = sum_re - sum2_re;                                                                                     \
  im2 = sum_im - sum2_im;                                                                                     \
  re3 = difference_re - difference2_im;                                                                       \
  im3 = difference_im + difference2_re

#define TURN(re, im, cos, sin)                \
  do {                                        \
    int64_t a = re, b = im, c = cos, s = sin; \
    re = ROUNDED(a * c - b * s, 30);          \
    im = ROUNDED(a * s + b * c, 30);          \
  } while (0)

#define STORE(to, t, stride)              \
  do {                                    \
    (to)[t] = re0;                        \
    (to)[(t) + (stride)] = re1;           \
    (to)[(t) + 2 * (stride)] = re2;       \
    (to)[(t) + 3 * (stride)] = re3;       \
    (to)[(t) + 256] = im0;                \
    (to)[(t) + 256 + (stride)] = im1;     \
    (to)[(t) + 256 + 2 * (stride)] = im2; \
    (to)[(t) + 256 + 3 * (stride)] = im3; \
  } while (0)

static TARGET void NAME(first_stage)(const int32_t *restrict from, int32_t *restrict to,
                                     const int32_t *restrict roots) {
  for (int p = 0; p < 64; p++) {
    BUTTERFLY(from, p);
    TURN(re1, im1, roots[p], roots[p + 64]);
    TURN(re2, im2, roots[p + 128], roots[p + 192]);
    TURN(re3, im3, roots[p + 256], roots[p + 320]);
    STORE(to, 4 * p, 1);
  }
}

// The first block's roots are exactly 1, by which a turn changes nothing.
static TARGET inline __attribute__((always_inline)) void NAME(middle_stage)(const int32_t *restrict from,
                                                                            int32_t *restrict to,
                                                                            const int32_t *restrict roots, int run) {
  for (int t = 0; t < 64; t += run) {
    int32_t cos1 = roots[t], sin1 = roots[t + 64], cos2 = roots[t + 128], sin2 = roots[t + 192];
    int32_t cos3 = roots[t + 256], sin3 = roots[t + 320];
    for (int q = 0; q < run; q++) {
      BUTTERFLY(from, t + q);
      TURN(re1, im1, cos1, sin1);
      TURN(re2, im2, cos2, sin2);
      TURN(re3, im3, cos3, sin3);
      STORE(to, 4 * t + q, run);
    }
  }
}

static TARGET void NAME(last_stage)(const int32_t *restrict from, int32_t *restrict to) {
  for (int q = 0; q < 64; q++) {
    BUTTERFLY(from, q);
    STORE(to, q, 64);
  }
}

TARGET SILIF_KERNEL void NAME(silif_transform256)(int32_t *data, int32_t *scratch, const int32_t *roots) {
  NAME(first_stage)(data, scratch, roots);
  NAME(middle_stage)(scratch, data, roots, 4);
  NAME(middle_stage)(data, scratch, roots, 16);
  NAME(last_stage)(scratch, data);
}

// Bins below 128 and those from there on apart: two arrays, of which the compiler knows that they don't overlap.
static TARGET void NAME(power_halves)(const int32_t *restrict z, const int32_t *restrict roots, int64_t *restrict below,
                                      int64_t *restrict above) {
  below[0] = SQUARED_MAGNITUDE(z[0] + z[256], 0);
  above[0] = SQUARED_MAGNITUDE(z[128], z[384]);
  for (int k = 1; k < 128; k++) {
    int32_t low_re = z[k], low_im = z[k + 256], high_re = z[256 - k], high_im = z[512 - k];
    int64_t even_re = (int64_t)(low_re + high_re) * ((int64_t)1 << 30);
    int64_t even_im = (int64_t)(low_im - high_im) * ((int64_t)1 << 30);
    int64_t odd_re = low_im + high_im, odd_im = high_re - low_re;
    int64_t cos = roots[k], sin = roots[k + 128];
    int64_t turned_re = odd_re * cos - odd_im * sin;
    int64_t turned_im = odd_re * sin + odd_im * cos;
    int32_t re = ROUNDED(even_re + turned_re, 31), im = ROUNDED(even_im + turned_im, 31);
    below[k] = SQUARED_MAGNITUDE(re, im);
    re = ROUNDED(even_re - turned_re, 31);
    im = ROUNDED(turned_im - even_im, 31);
    above[128 - k] = SQUARED_MAGNITUDE(re, im);
  }
}

TARGET SILIF_KERNEL void NAME(silif_power)(const int32_t *z, const int32_t *roots, int64_t *power) {
  NAME(power_halves)(z, roots, power, power + 128);
}

#undef BUTTERFLY
#undef TURN
#undef STORE
#undef NAME
#undef TARGET
