/* Forward and backward passes of the neuron recurrences over a whole sequence, with their batch normalisation.
 *
 * Compiled by kernels.py at first use; reference.py holds the same equations in plain torch and defines the result.
 * [T, B, H] arrays are contiguous. What passes between layers is bfloat16 (the matrix products run several times
 * faster on it, and spikes are exact in it); states and sums are float32. Vectors are [H]. z is the layer's matrix
 * product; the batch normalisation arrives as scale and shift, so that I = z * scale + shift is never stored.
 * Loops run over time outside, then over ROWS clips, whose rows lie side by side, and neurons inside: the state of so
 * few stays in the cache, and what is read in a step is long enough to be fetched ahead.
 *
 * Twins: tools/silif_tools/train/scan_triton.py
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

#define MAX_H 2048
#define ROWS 8

#define ONE ((bf16)0x3f80)

/* Of the clips from `first` on that go side by side: how many there are before `end`. */
static size_t rows_from(size_t first, size_t end) { return end - first < ROWS ? end - first : ROWS; }

/* Where one of their steps is: clip `row` of them at time t, whose neurons begin at `at` in an array [T, B, H]. */
typedef struct {
  size_t t, row, at;
} place;

static inline place place_of(size_t step, size_t rows, size_t first, size_t B, size_t H) {
  size_t t = step / rows, row = step % rows;
  return (place){t, row, (t * B + first + row) * H};
}

/* Dropout without a stored mask. */
void drop(bf16 *row, size_t H, uint32_t at, uint32_t seed, uint32_t drop_below) {
#pragma omp simd
  for (size_t j = 0; j < H; j++) row[j] = mixed((uint32_t)(at + j) + seed) < drop_below ? 0 : row[j];
}

/* Per-channel mean and biased variance of x [n, H]. Sums are kept in blocks so that float32 keeps its precision. */
void channel_moments(const bf16 *x, size_t n, size_t H, float *mean, float *variance) {
  double total[MAX_H], square[MAX_H];
  float part[MAX_H], part2[MAX_H], pivot[MAX_H];
  for (size_t j = 0; j < H; j++) {
    total[j] = square[j] = 0;
    pivot[j] = wide(x[j]);
  }
  for (size_t start = 0; start < n; start += 64) {
    size_t end = start + 64 < n ? start + 64 : n;
    memset(part, 0, H * sizeof(float));
    memset(part2, 0, H * sizeof(float));
    for (size_t i = start; i < end; i++) {
      const bf16 *row = x + i * H;
#pragma omp simd
      for (size_t j = 0; j < H; j++) {
        float v = wide(row[j]) - pivot[j];
        part[j] += v;
        part2[j] += v * v;
      }
    }
    for (size_t j = 0; j < H; j++) {
      total[j] += part[j];
      square[j] += part2[j];
    }
  }
  for (size_t j = 0; j < H; j++) {
    double m = total[j] / (double)n;
    mean[j] = (float)(m + pivot[j]);
    variance[j] = (float)(square[j] / (double)n - m * m);
  }
}

/* dL/dI g becomes dL/dz out, through the batch statistics. sum_g, sum_gx: sums over the n rows of g and of g * xhat,
 * where xhat = (z - mean) * inv. */
void norm_backward(const float *g, const bf16 *z, bf16 *out, size_t n, size_t H, const float *scale, const float *mean,
                   const float *inv, const float *sum_g, const float *sum_gx, int threads) {
  float a[MAX_H], b[MAX_H];
  for (size_t j = 0; j < H; j++) {
    /* scale * (g - sum_g / n - xhat * sum_gx / n) = scale * g - b * z - a */
    b[j] = scale[j] * sum_gx[j] * inv[j] / (float)n;
    a[j] = scale[j] * sum_g[j] / (float)n - b[j] * mean[j];
  }
#pragma omp parallel for num_threads(threads)
  for (size_t i = 0; i < n; i++) {
    const float *gr = g + i * H;
    const bf16 *zr = z + i * H;
    bf16 *o = out + i * H;
#pragma omp simd
    for (size_t j = 0; j < H; j++) o[j] = narrow(scale[j] * gr[j] - a[j] - b[j] * wide(zr[j]));
  }
}

/* SiLIF. Outputs u, w, s [T, B, H]; s is 0 or 1, after dropout. */
void silif_forward(const bf16 *z, const float *scale, const float *shift, const float *al, const float *be,
                   const float *a, const float *b, size_t T, size_t B, size_t H, float *u, float *w, bf16 *s,
                   uint32_t seed, uint32_t drop_below, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t first = 0; first < B; first += ROWS) {
    float us[ROWS * MAX_H], ws[ROWS * MAX_H];
    memset(us, 0, ROWS * H * sizeof(float));
    memset(ws, 0, ROWS * H * sizeof(float));
    size_t rows = rows_from(first, B);
    for (size_t step = 0; step < T * rows; step++) {
      place p = place_of(step, rows, first, B, H);
      size_t at = p.at;
      float *uu = us + p.row * H, *ww = ws + p.row * H;
      const bf16 *zr = z + at;
      float *ur = u + at, *wr = w + at;
      bf16 *sr = s + at;
#pragma omp simd
      for (size_t j = 0; j < H; j++) {
        float sp = uu[j] > 1.0f ? 1.0f : 0.0f;
        float in = wide(zr[j]) * scale[j] + shift[j];
        float wn = be[j] * ww[j] + a[j] * uu[j] + b[j] * sp;
        float un = al[j] * (uu[j] - sp) + (1.0f - al[j]) * (in - wn);
        uu[j] = un;
        ww[j] = wn;
        ur[j] = un;
        wr[j] = wn;
        sr[j] = un > 1.0f ? ONE : 0;
      }
      if (drop_below) drop(sr, H, (uint32_t)at, seed, drop_below);
    }
  }
}

/* How much of the gradient through the reset is kept: see reference.py. */
static inline float reset_share(float al, float be, float a, float b) {
  float share = ((1 + be) * (1 + al) - (1 - al) * a) / (al * (1 + be) + (1 - al) * b + 1e-12f);
  return share < 0 ? 0 : share > 1 ? 1 : share;
}

/* gs: dL/ds of the dropped-out s (overwritten). gi: dL/dI. Parameter gradients and sums are [threads, H], zeroed by
 * the caller. */
void silif_backward(bf16 *gs, const bf16 *z, const float *u, const float *w, float *gi, const float *scale,
                    const float *shift, const float *al, const float *be, const float *a, const float *b,
                    const float *mean, const float *inv, size_t T, size_t B, size_t H, float *g_al, float *g_be,
                    float *g_a, float *g_b, float *sum_g, float *sum_gx, uint32_t seed, uint32_t drop_below,
                    int threads) {
  static const float zero[MAX_H];
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int part = 0; part < threads; part++) {
    float gus[ROWS * MAX_H], gws[ROWS * MAX_H], gcs[ROWS * MAX_H]; /* dL/d{u, w, s} of the step before */
    float share[MAX_H];
    for (size_t j = 0; j < H; j++) share[j] = reset_share(al[j], be[j], a[j], b[j]);
    float *pal = g_al + part * H, *pbe = g_be + part * H, *pa = g_a + part * H, *pb = g_b + part * H;
    float *pg = sum_g + part * H, *pgx = sum_gx + part * H;
    size_t end = B * (part + 1) / threads;
    for (size_t first = B * part / threads; first < end; first += ROWS) {
      memset(gus, 0, ROWS * H * sizeof(float));
      memset(gws, 0, ROWS * H * sizeof(float));
      memset(gcs, 0, ROWS * H * sizeof(float));
      size_t rows = rows_from(first, end);
      for (size_t step = T * rows; step-- > 0;) {
        place p = place_of(step, rows, first, B, H);
        size_t t = p.t, at = p.at;
        float *gu = gus + p.row * H, *gw = gws + p.row * H, *gc = gcs + p.row * H;
        bf16 *gr = gs + at;
        const bf16 *zr = z + at;
        const float *ur = u + at, *wr = w + at;
        const float *up = t ? ur - B * H : zero, *wp = t ? wr - B * H : zero;
        float *out = gi + at;
        if (drop_below) drop(gr, H, (uint32_t)at, seed, drop_below);
#pragma omp simd
        for (size_t j = 0; j < H; j++) {
          float d = ur[j] - 1.0f, x = wide(zr[j]);
          float box = d > -0.5f && d <= 0.5f ? 1.0f : 0.0f;
          float sp = up[j] > 1.0f ? 1.0f : 0.0f;
          float g = gu[j] + (wide(gr[j]) + gc[j]) * box;
          float i = g * (1.0f - al[j]);
          float h = gw[j] - i;
          pal[j] += g * ((up[j] - sp) - (x * scale[j] + shift[j] - wr[j]));
          pbe[j] += h * wp[j];
          pa[j] += h * up[j];
          pb[j] += h * sp;
          pg[j] += i;
          pgx[j] += i * (x - mean[j]) * inv[j];
          gu[j] = g * al[j] + h * a[j];
          gc[j] = share[j] * (h * b[j] - g * al[j]);
          gw[j] = h * be[j];
          out[j] = i;
        }
      }
    }
  }
}

/* C-SiLIF. Outputs re, im (of u), s [T, B, H]. are, aim: the complex decay A; b: the input's factor. */
void csilif_forward(const bf16 *z, const float *scale, const float *shift, const float *are, const float *aim,
                    const float *b, size_t T, size_t B, size_t H, float *re, float *im, bf16 *s, uint32_t seed,
                    uint32_t drop_below, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t first = 0; first < B; first += ROWS) {
    float rs[ROWS * MAX_H], is[ROWS * MAX_H];
    memset(rs, 0, ROWS * H * sizeof(float));
    memset(is, 0, ROWS * H * sizeof(float));
    size_t rows = rows_from(first, B);
    for (size_t step = 0; step < T * rows; step++) {
      place p = place_of(step, rows, first, B, H);
      size_t at = p.at;
      float *rr = rs + p.row * H, *ii = is + p.row * H;
      const bf16 *zr = z + at;
      float *ro = re + at, *io = im + at;
      bf16 *sr = s + at;
#pragma omp simd
      for (size_t j = 0; j < H; j++) {
        float v = rr[j] - (2.0f * rr[j] > 1.0f ? 0.5f : 0.0f);
        float in = wide(zr[j]) * scale[j] + shift[j];
        float r = are[j] * v - aim[j] * ii[j] + b[j] * in;
        float i = are[j] * ii[j] + aim[j] * v;
        rr[j] = r;
        ii[j] = i;
        ro[j] = r;
        io[j] = i;
        sr[j] = 2.0f * r > 1.0f ? ONE : 0;
      }
      if (drop_below) drop(sr, H, (uint32_t)at, seed, drop_below);
    }
  }
}

/* As silif_backward. */
void csilif_backward(bf16 *gs, const bf16 *z, const float *re, const float *im, float *gi, const float *scale,
                     const float *shift, const float *are, const float *aim, const float *b, const float *mean,
                     const float *inv, size_t T, size_t B, size_t H, float *g_are, float *g_aim, float *g_b,
                     float *sum_g, float *sum_gx, uint32_t seed, uint32_t drop_below, int threads) {
  static const float zero[MAX_H];
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int part = 0; part < threads; part++) {
    float gres[ROWS * MAX_H], gims[ROWS * MAX_H], gcs[ROWS * MAX_H]; /* dL/d{Re u, Im u, s} of the step before */
    float *par = g_are + part * H, *pai = g_aim + part * H, *pb = g_b + part * H;
    float *pg = sum_g + part * H, *pgx = sum_gx + part * H;
    size_t end = B * (part + 1) / threads;
    for (size_t first = B * part / threads; first < end; first += ROWS) {
      memset(gres, 0, ROWS * H * sizeof(float));
      memset(gims, 0, ROWS * H * sizeof(float));
      memset(gcs, 0, ROWS * H * sizeof(float));
      size_t rows = rows_from(first, end);
      for (size_t step = T * rows; step-- > 0;) {
        place p = place_of(step, rows, first, B, H);
        size_t t = p.t, at = p.at;
        float *gre = gres + p.row * H, *gim = gims + p.row * H, *gc = gcs + p.row * H;
        bf16 *gr = gs + at;
        const bf16 *zr = z + at;
        const float *rt = re + at;
        const float *rp = t ? rt - B * H : zero, *ip = t ? im + at - B * H : zero;
        float *out = gi + at;
        if (drop_below) drop(gr, H, (uint32_t)at, seed, drop_below);
#pragma omp simd
        for (size_t j = 0; j < H; j++) {
          float d = 2.0f * rt[j] - 1.0f, x = wide(zr[j]);
          float box = d > -0.5f && d <= 0.5f ? 2.0f : 0.0f;
          float v = rp[j] - (2.0f * rp[j] > 1.0f ? 0.5f : 0.0f);
          float r = gre[j] + (wide(gr[j]) + gc[j]) * box, m = gim[j];
          float i = r * b[j];
          par[j] += r * v + m * ip[j];
          pai[j] += m * v - r * ip[j];
          pb[j] += r * (x * scale[j] + shift[j]);
          pg[j] += i;
          pgx[j] += i * (x - mean[j]) * inv[j];
          float back = r * are[j] + m * aim[j];
          gre[j] = back;
          gim[j] = m * are[j] - r * aim[j];
          gc[j] = -0.5f * back;
          out[j] = i;
        }
      }
    }
  }
}
