/* A causal filter of its own for every channel: how delays are learned (delays.py) forwards and backwards.
 *
 * Compiled by kernels.py at first use. x, y and their gradients are bfloat16 [T, B, H], contiguous; the filter is
 * float32 [K, H], tap k being a delay of k steps. Before the first step there are zeros. Sums are float32.
 */
#include <stddef.h>
#include <stdint.h>

#include "kernels.h"

#define BLOCK 32 /* channels at a time: their sums stay in registers */

/* out[j] = sum over k < taps of filter[k][j] * from[k * stride][j], for width channels. */
static inline void block_sum(const bf16 *from, ptrdiff_t stride, const float *filter, size_t H, size_t taps,
                             size_t width, bf16 *out) {
  float sum[BLOCK] = {0};
  for (size_t k = 0; k < taps; k++) {
    const bf16 *row = from + (ptrdiff_t)k * stride;
    const float *f = filter + k * H;
#pragma omp simd
    for (size_t j = 0; j < width; j++) sum[j] += f[j] * wide(row[j]);
  }
#pragma omp simd
  for (size_t j = 0; j < width; j++) out[j] = narrow(sum[j]);
}

static inline void filtered(const bf16 *from, ptrdiff_t stride, const float *filter, size_t H, size_t taps, bf16 *out) {
  size_t h = 0;
  for (; h + BLOCK <= H; h += BLOCK) block_sum(from + h, stride, filter + h, H, taps, BLOCK, out + h);
  if (h < H) block_sum(from + h, stride, filter + h, H, taps, H - h, out + h);
}

/* y[t] = sum over k of filter[k] * x[t - k] */
void filter_forward(const bf16 *x, const float *filter, size_t K, size_t T, size_t B, size_t H, bf16 *y, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t n = 0; n < B; n++)
    for (size_t t = 0; t < T; t++) {
      size_t at = (t * B + n) * H;
      filtered(x + at, -(ptrdiff_t)(B * H), filter, H, t < K ? t + 1 : K, y + at);
    }
}

/* dL/dx[t] = sum over k of filter[k] * dL/dy[t + k] */
void filter_backward_input(const bf16 *gy, const float *filter, size_t K, size_t T, size_t B, size_t H, bf16 *gx,
                           int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t n = 0; n < B; n++)
    for (size_t t = 0; t < T; t++) {
      size_t at = (t * B + n) * H;
      filtered(gy + at, (ptrdiff_t)(B * H), filter, H, T - t < K ? T - t : K, gx + at);
    }
}

/* dL/dfilter[k] = sum over t and b of dL/dy[t] * x[t - k]; g is [threads, K, H], zeroed by the caller. */
void filter_backward_taps(const bf16 *gy, const bf16 *x, size_t K, size_t T, size_t B, size_t H, float *g,
                          int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int part = 0; part < threads; part++) {
    float *own = g + (size_t)part * K * H;
    for (size_t n = B * part / threads; n < B * (part + 1) / threads; n++)
      for (size_t t = 0; t < T; t++) {
        const bf16 *gr = gy + (t * B + n) * H;
        size_t taps = t < K ? t + 1 : K;
        for (size_t k = 0; k < taps; k++) {
          const bf16 *xr = x + ((t - k) * B + n) * H;
          float *gk = own + k * H;
#pragma omp simd
          for (size_t j = 0; j < H; j++) gk[j] += wide(gr[j]) * wide(xr[j]);
        }
      }
  }
}
