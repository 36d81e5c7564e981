/* Forward and backward passes of what the networks of blocks do beside matrix products (blocks.py), each in one pass
 * over a channel.
 *
 * Compiled by kernels.py at first use; blocks.py and state_space.py hold the same equations in plain torch and define
 * the result. Arrays are [H, T, B], contiguous: a channel is a row of n = T·B elements, which fits the cache. The
 * stream and its gradient are float32, what goes into and comes out of products bfloat16, sums float32. Batch
 * normalisation takes its statistics from mean and variance [H] where `fixed`, else it writes the row's there. keep is
 * [H, B]: the factor of a channel in a clip, 0 where dropout drops it.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

#define EPSILON 1e-5f
#define PI 3.14159265358979f
#define RUN 1024 /* elements that are summed in float32 before the sum goes into a double */

/* e^x: the whole part of x·log2(e) into the exponent, the rest by a polynomial; relative error below 1e-6. */
static inline float exponential(float x) {
  float z = (x < -87.0f ? -87.0f : x > 87.0f ? 87.0f : x) * 1.44269504f;
  float whole = __builtin_rintf(z), f = z - whole;
  float p = 1.0f + f * (0.69314718f + f * (0.24022651f + f * (0.05550411f + f * (0.00961812f + f * 0.00133336f))));
  union {
    int32_t bits;
    float value;
  } v = {((int32_t)whole + 127) << 23};
  return p * v.value;
}

static inline float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

/* The normal distribution function, by Abramowitz and Stegun 26.2.17 (absolute error below 1e-6 in float32), and its
 * density. GELU(x) = x·Φ(x). */
static inline float density(float x) { return 0.39894228f * exponential(-0.5f * x * x); }

static inline float distribution(float x) {
  float a = x < 0 ? -x : x, t = 1.0f / (1.0f + 0.23164189f * a);
  float p = t * (0.12741480f + t * (-0.14224837f + t * (0.71070687f + t * (-0.72657602f + t * 0.53070271f))));
  float tail = p * exponential(-0.5f * a * a);
  return x < 0 ? tail : 1.0f - tail;
}

/* A uniform number in [0, 1) of an element. */
static inline float uniform(uint32_t x) { return (float)(mixed(x) >> 8) * 0x1p-24f; }

static void widen(const bf16 *x, size_t n, float *out) {
  for (size_t i = 0; i < n; i++) out[i] = wide(x[i]);
}

static void moments(const float *x, size_t n, float *mean, float *variance) {
  double total = 0, square = 0;
  float pivot = x[0];
  for (size_t start = 0; start < n; start += RUN) {
    size_t end = start + RUN < n ? start + RUN : n;
    float a = 0, b = 0;
#pragma omp simd reduction(+ : a, b)
    for (size_t i = start; i < end; i++) {
      float v = x[i] - pivot;
      a += v;
      b += v * v;
    }
    total += a;
    square += b;
  }
  double m = total / (double)n, v = square / (double)n - m * m;
  *mean = (float)(m + pivot);
  *variance = v > 0 ? (float)v : 0;
}

/* The factor and summand of a row's normalisation. */
typedef struct {
  float scale, shift, mean, inverse;
} normal;

static normal normal_of(const float *x, size_t n, float gamma, float beta, int fixed, float *mean, float *variance) {
  if (!fixed) moments(x, n, mean, variance);
  float inverse = 1.0f / sqrtf(*variance + EPSILON);
  return (normal){gamma * inverse, beta - gamma * inverse * *mean, *mean, inverse};
}

/* g: the gradient of the normalised row, which becomes that of the row. Sums are the gradients of beta and gamma. */
static void through_norm(float *g, const float *x, size_t n, normal by, int fixed, float *g_gamma, float *g_beta) {
  double total = 0, along = 0;
  for (size_t start = 0; start < n; start += RUN) {
    size_t end = start + RUN < n ? start + RUN : n;
    float a = 0, b = 0;
#pragma omp simd reduction(+ : a, b)
    for (size_t i = start; i < end; i++) {
      a += g[i];
      b += g[i] * (x[i] - by.mean);
    }
    total += a;
    along += b;
  }
  *g_beta = (float)total;
  *g_gamma = (float)(along * by.inverse);
  float less = fixed ? 0 : (float)(total / (double)n);
  float tilt = fixed ? 0 : (float)(along / (double)n) * by.inverse * by.inverse;
#pragma omp simd
  for (size_t i = 0; i < n; i++) g[i] = by.scale * (g[i] - less - (x[i] - by.mean) * tilt);
}

/* x float32 -> its normalised values. */
void row_norm(const float *x, size_t H, size_t n, const float *gamma, const float *beta, int fixed, float *mean,
              float *variance, bf16 *out, int threads) {
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++) {
    const float *row = x + h * n;
    normal by = normal_of(row, n, gamma[h], beta[h], fixed, mean + h, variance + h);
    for (size_t i = 0; i < n; i++) out[h * n + i] = narrow(row[i] * by.scale + by.shift);
  }
}

void row_norm_backward(const bf16 *g, const float *x, size_t H, size_t n, const float *gamma, const float *beta,
                       int fixed, float *mean, float *variance, float *g_x, float *g_gamma, float *g_beta,
                       int threads) {
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++) {
    normal by = normal_of(NULL, 0, gamma[h], beta[h], 1, mean + h, variance + h);
    widen(g + h * n, n, g_x + h * n);
    through_norm(g_x + h * n, x + h * n, n, by, fixed, g_gamma + h, g_beta + h);
  }
}

/* y -> keep where its normalised value is above 0, else 0. rate: the share that is. */
void norm_step(const bf16 *y, size_t H, size_t T, size_t B, const float *gamma, const float *beta, int fixed,
               float *mean, float *variance, const float *keep, bf16 *out, float *rate, int threads) {
  size_t n = T * B;
#pragma omp parallel num_threads(threads)
  {
    float *row = malloc(n * sizeof(float));
    bf16 *kept = malloc(B * sizeof(bf16));
#pragma omp for
    for (size_t h = 0; h < H; h++) {
      widen(y + h * n, n, row);
      normal by = normal_of(row, n, gamma[h], beta[h], fixed, mean + h, variance + h);
      for (size_t b = 0; b < B; b++) kept[b] = narrow(keep[h * B + b]);
      uint32_t count = 0;
      for (size_t t = 0; t < T; t++) {
        const float *in = row + t * B;
        bf16 *to = out + h * n + t * B;
#pragma omp simd reduction(+ : count)
        for (size_t b = 0; b < B; b++) {
          int fires = in[b] * by.scale + by.shift > 0;
          to[b] = fires ? kept[b] : 0;
          count += (uint32_t)fires;
        }
      }
      rate[h] = (float)count / (float)n;
    }
    free(row);
    free(kept);
  }
}

/* The gradient of a step is that of an arctangent. g_rate: the gradient of a channel's rate. */
void norm_step_backward(const bf16 *g, const bf16 *y, size_t H, size_t T, size_t B, const float *gamma,
                        const float *beta, int fixed, float *mean, float *variance, const float *keep,
                        const float *g_rate, bf16 *g_y, float *g_gamma, float *g_beta, int threads) {
  size_t n = T * B;
#pragma omp parallel num_threads(threads)
  {
    float *row = malloc(n * sizeof(float)), *inner = malloc(n * sizeof(float));
#pragma omp for
    for (size_t h = 0; h < H; h++) {
      widen(y + h * n, n, row);
      normal by = normal_of(NULL, 0, gamma[h], beta[h], 1, mean + h, variance + h);
      float every = g_rate[h] / (float)n;
      for (size_t t = 0; t < T; t++) {
        const float *in = row + t * B, *kept = keep + h * B;
        const bf16 *from = g + h * n + t * B;
        float *to = inner + t * B;
#pragma omp simd
        for (size_t b = 0; b < B; b++) {
          float v = PI * (in[b] * by.scale + by.shift);
          to[b] = (wide(from[b]) * kept[b] + every) / (1.0f + v * v);
        }
      }
      through_norm(inner, row, n, by, fixed, g_gamma + h, g_beta + h);
      for (size_t i = 0; i < n; i++) g_y[h * n + i] = narrow(inner[i]);
    }
    free(row);
    free(inner);
  }
}

/* r + keep·n·σ(m), n and m being the rows of `pairs` [2H, n] with their bias [2H]. */
void gate(const float *r, const bf16 *pairs, const float *bias, const float *keep, size_t H, size_t T, size_t B,
          float *out, int threads) {
  size_t n = T * B;
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++)
    for (size_t t = 0; t < T; t++) {
      size_t at = h * n + t * B;
      const bf16 *value = pairs + at, *open = pairs + H * n + at;
      const float *kept = keep + h * B;
#pragma omp simd
      for (size_t b = 0; b < B; b++)
        out[at + b] = r[at + b] + kept[b] * (wide(value[b]) + bias[h]) * sigmoid(wide(open[b]) + bias[H + h]);
    }
}

void gate_backward(const float *g, const bf16 *pairs, const float *bias, const float *keep, size_t H, size_t T,
                   size_t B, bf16 *g_pairs, float *g_bias, int threads) {
  size_t n = T * B;
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++) {
    double total_value = 0, total_open = 0;
    for (size_t t = 0; t < T; t++) {
      size_t at = h * n + t * B, other = H * n + at;
      const float *kept = keep + h * B;
      float a = 0, c = 0;
#pragma omp simd reduction(+ : a, c)
      for (size_t b = 0; b < B; b++) {
        float share = sigmoid(wide(pairs[other + b]) + bias[H + h]), g_out = g[at + b] * kept[b];
        float g_value = g_out * share;
        float g_open = g_value * (1.0f - share) * (wide(pairs[at + b]) + bias[h]);
        g_pairs[at + b] = narrow(g_value);
        g_pairs[other + b] = narrow(g_open);
        a += g_value;
        c += g_open;
      }
      total_value += a;
      total_open += c;
    }
    g_bias[h] = (float)total_value;
    g_bias[H + h] = (float)total_open;
  }
}

/* x float32 -> its normalised values, limited to 0...1: as they are, or as spikes with those probabilities. */
void norm_sample(const float *x, size_t H, size_t n, const float *gamma, const float *beta, int fixed, float *mean,
                 float *variance, uint32_t seed, int draws, bf16 *out, float *rate, int threads) {
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++) {
    const float *row = x + h * n;
    normal by = normal_of(row, n, gamma[h], beta[h], fixed, mean + h, variance + h);
    double total = 0;
    for (size_t start = 0; start < n; start += RUN) {
      size_t end = start + RUN < n ? start + RUN : n;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (size_t i = start; i < end; i++) {
        float p = row[i] * by.scale + by.shift;
        p = p < 0 ? 0 : p > 1 ? 1 : p;
        float drawn = uniform((uint32_t)(h * n + i) + seed) < p ? 1.0f : 0.0f, s = draws ? drawn : p;
        out[h * n + i] = narrow(s);
        sum += s;
      }
      total += sum;
    }
    rate[h] = (float)(total / (double)n);
  }
}

void norm_sample_backward(const bf16 *g, const float *x, size_t H, size_t n, const float *gamma, const float *beta,
                          int fixed, float *mean, float *variance, const float *g_rate, float *g_x, float *g_gamma,
                          float *g_beta, int threads) {
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++) {
    const float *row = x + h * n;
    normal by = normal_of(NULL, 0, gamma[h], beta[h], 1, mean + h, variance + h);
    float every = g_rate[h] / (float)n;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
      float p = row[i] * by.scale + by.shift;
      g_x[h * n + i] = p >= 0 && p <= 1 ? wide(g[h * n + i]) + every : 0;
    }
    through_norm(g_x + h * n, row, n, by, fixed, g_gamma + h, g_beta + h);
  }
}

/* y -> keep times a·GELU(y) + b, limited to 0...1: as it is, or as spikes with that probability. rate: before keep. */
void gelu_sample(const bf16 *y, size_t H, size_t T, size_t B, const float *a, const float *b, const float *keep,
                 uint32_t seed, int draws, bf16 *out, float *rate, int threads) {
  size_t n = T * B;
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++) {
    double total = 0;
    for (size_t t = 0; t < T; t++) {
      size_t at = h * n + t * B;
      const float *kept = keep + h * B;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (size_t i = 0; i < B; i++) {
        float v = wide(y[at + i]), p = a[h] * v * distribution(v) + b[h];
        p = p < 0 ? 0 : p > 1 ? 1 : p;
        float drawn = uniform((uint32_t)(at + i) + seed) < p ? 1.0f : 0.0f, s = draws ? drawn : p;
        out[at + i] = narrow(s * kept[i]);
        sum += s;
      }
      total += sum;
    }
    rate[h] = (float)(total / (double)n);
  }
}

void gelu_sample_backward(const bf16 *g, const bf16 *y, size_t H, size_t T, size_t B, const float *a, const float *b,
                          const float *keep, const float *g_rate, bf16 *g_y, float *g_a, float *g_b, int threads) {
  size_t n = T * B;
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++) {
    double total_a = 0, total_b = 0;
    float every = g_rate[h] / (float)n;
    for (size_t t = 0; t < T; t++) {
      size_t at = h * n + t * B;
      const float *kept = keep + h * B;
      float sum_a = 0, sum_b = 0;
#pragma omp simd reduction(+ : sum_a, sum_b)
      for (size_t i = 0; i < B; i++) {
        float v = wide(y[at + i]), part = distribution(v), gelu = v * part, p = a[h] * gelu + b[h];
        float g_p = p >= 0 && p <= 1 ? wide(g[at + i]) * kept[i] + every : 0;
        g_y[at + i] = narrow(g_p * a[h] * (part + v * density(v)));
        sum_a += g_p * gelu;
        sum_b += g_p;
      }
      total_a += sum_a;
      total_b += sum_b;
    }
    g_a[h] = (float)total_a;
    g_b[h] = (float)total_b;
  }
}

/* r + keep·GELU(z + bias) */
void gelu_add(const float *r, const bf16 *z, const float *bias, const float *keep, size_t H, size_t T, size_t B,
              float *out, int threads) {
  size_t n = T * B;
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++)
    for (size_t t = 0; t < T; t++) {
      size_t at = h * n + t * B;
      const float *kept = keep + h * B;
#pragma omp simd
      for (size_t b = 0; b < B; b++) {
        float v = wide(z[at + b]) + bias[h];
        out[at + b] = r[at + b] + kept[b] * v * distribution(v);
      }
    }
}

void gelu_add_backward(const float *g, const bf16 *z, const float *bias, const float *keep, size_t H, size_t T,
                       size_t B, bf16 *g_z, float *g_bias, int threads) {
  size_t n = T * B;
#pragma omp parallel for num_threads(threads)
  for (size_t h = 0; h < H; h++) {
    double total = 0;
    for (size_t t = 0; t < T; t++) {
      size_t at = h * n + t * B;
      const float *kept = keep + h * B;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (size_t b = 0; b < B; b++) {
        float v = wide(z[at + b]) + bias[h];
        float g_v = g[at + b] * kept[b] * (distribution(v) + v * density(v));
        g_z[at + b] = narrow(g_v);
        sum += g_v;
      }
      total += sum;
    }
    g_bias[h] = (float)total;
  }
}

/* The state space by its recurrence: u = A·u + x, y = Re Σ C·u + D·x, LANES clips side by side.
 *
 * A row of x lies as [B, rounded up, / LANES][T] of lanes. The backward pass turns the states once more, keeps those
 * before every CHUNK steps, and goes back chunk by chunk. */
#define LANES 16
#define CHUNK 16
#define MAX_PAIRS 64

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

static void to_lanes(const bf16 *row, size_t T, size_t B, lanes *out) {
  memset(out, 0, (B + LANES - 1) / LANES * T * sizeof(lanes));
  for (size_t t = 0; t < T; t++)
    for (size_t b = 0; b < B; b += LANES) {
      float *to = (float *)(out + b / LANES * T + t);
      size_t count = B - b < LANES ? B - b : LANES;
      for (size_t i = 0; i < count; i++) to[i] = wide(row[t * B + b + i]);
    }
}

static void from_lanes(const lanes *in, size_t T, size_t B, bf16 *row) {
  for (size_t t = 0; t < T; t++)
    for (size_t b = 0; b < B; b += LANES) {
      const float *from = (const float *)(in + b / LANES * T + t);
      size_t count = B - b < LANES ? B - b : LANES;
      for (size_t i = 0; i < count; i++) row[t * B + b + i] = narrow(from[i]);
    }
}

static double across(const lanes *x) {
  double sum = 0;
  for (size_t i = 0; i < LANES; i++) sum += (*x)[i];
  return sum;
}

static void outputs(const lanes *x, size_t T, size_t N, const float *A, const float *C, float D, lanes *y) {
  lanes state[2 * MAX_PAIRS];
  memset(state, 0, sizeof state);
  for (size_t start = 0; start < T; start += CHUNK) {
    size_t end = start + CHUNK < T ? start + CHUNK : T;
    for (size_t t = start; t < end; t++) y[t] = D * x[t];
    for (size_t n = 0; n < N; n++) {
      lanes re = state[2 * n], im = state[2 * n + 1];
      float Ar = A[2 * n], Ai = A[2 * n + 1], Cr = C[2 * n], Ci = C[2 * n + 1];
      for (size_t t = start; t < end; t++) {
        lanes turned = Ar * re - Ai * im + x[t];
        im = Ai * re + Ar * im;
        re = turned;
        y[t] += Cr * re - Ci * im;
      }
      state[2 * n] = re;
      state[2 * n + 1] = im;
    }
  }
}

/* x, g: input and gradient of the output. g_x is overwritten; sums [4N] get the gradients of A and C of all clips. */
static void inputs_gradient(const lanes *x, const lanes *g, size_t T, size_t N, const float *A, const float *C, float D,
                            lanes *before, lanes *g_x, double *sums) {
  size_t chunks = (T + CHUNK - 1) / CHUNK;
  lanes state[2 * MAX_PAIRS], total[4 * MAX_PAIRS], own[2 * (CHUNK + 1)];
  memset(state, 0, sizeof state);
  for (size_t k = 0; k < chunks; k++) {
    memcpy(before + k * 2 * N, state, 2 * N * sizeof(lanes));
    size_t start = k * CHUNK, end = start + CHUNK < T ? start + CHUNK : T;
    for (size_t n = 0; n < N; n++) {
      lanes re = state[2 * n], im = state[2 * n + 1];
      float Ar = A[2 * n], Ai = A[2 * n + 1];
      for (size_t t = start; t < end; t++) {
        lanes turned = Ar * re - Ai * im + x[t];
        im = Ai * re + Ar * im;
        re = turned;
      }
      state[2 * n] = re;
      state[2 * n + 1] = im;
    }
  }
  memset(state, 0, sizeof state); /* from here on the gradient of the states, from the last step backwards */
  memset(total, 0, sizeof total);
  for (size_t k = chunks; k-- > 0;) {
    size_t start = k * CHUNK, count = start + CHUNK < T ? CHUNK : T - start;
    for (size_t t = 0; t < count; t++) g_x[start + t] = D * g[start + t];
    for (size_t n = 0; n < N; n++) {
      float Ar = A[2 * n], Ai = A[2 * n + 1], Cr = C[2 * n], Ci = C[2 * n + 1];
      own[0] = before[k * 2 * N + 2 * n];
      own[1] = before[k * 2 * N + 2 * n + 1];
      for (size_t t = 0; t < count; t++) {
        own[2 * t + 2] = Ar * own[2 * t] - Ai * own[2 * t + 1] + x[start + t];
        own[2 * t + 3] = Ai * own[2 * t] + Ar * own[2 * t + 1];
      }
      lanes re = state[2 * n], im = state[2 * n + 1];
      lanes g_Ar = total[4 * n], g_Ai = total[4 * n + 1], g_Cr = total[4 * n + 2], g_Ci = total[4 * n + 3];
      for (size_t t = count; t-- > 0;) {
        lanes out = g[start + t], turned = Cr * out + Ar * re + Ai * im;
        im = Ar * im - Ai * re - Ci * out;
        re = turned;
        g_x[start + t] += re;
        g_Cr += out * own[2 * t + 2];
        g_Ci -= out * own[2 * t + 3];
        g_Ar += re * own[2 * t] + im * own[2 * t + 1];
        g_Ai += im * own[2 * t] - re * own[2 * t + 1];
      }
      state[2 * n] = re;
      state[2 * n + 1] = im;
      total[4 * n] = g_Ar;
      total[4 * n + 1] = g_Ai;
      total[4 * n + 2] = g_Cr;
      total[4 * n + 3] = g_Ci;
    }
  }
  for (size_t i = 0; i < 4 * N; i++) sums[i] += across(total + i);
}

static lanes *new_lanes(size_t count) { return aligned_alloc(sizeof(lanes), count * sizeof(lanes)); }

/* A, C [H, N, 2]; N at most MAX_PAIRS. */
void recurrence(const bf16 *x, size_t H, size_t T, size_t B, size_t N, const float *A, const float *C, const float *D,
                bf16 *y, int threads) {
  size_t groups = (B + LANES - 1) / LANES;
#pragma omp parallel num_threads(threads)
  {
    lanes *in = new_lanes(groups * T), *out = new_lanes(groups * T);
#pragma omp for
    for (size_t h = 0; h < H; h++) {
      to_lanes(x + h * T * B, T, B, in);
      for (size_t i = 0; i < groups; i++) outputs(in + i * T, T, N, A + h * 2 * N, C + h * 2 * N, D[h], out + i * T);
      from_lanes(out, T, B, y + h * T * B);
    }
    free(in);
    free(out);
  }
}

/* g_A, g_C [H, N, 2]; g_D [H] */
void recurrence_backward(const bf16 *g, const bf16 *x, size_t H, size_t T, size_t B, size_t N, const float *A,
                         const float *C, const float *D, bf16 *g_x, float *g_A, float *g_C, float *g_D, int threads) {
  size_t groups = (B + LANES - 1) / LANES, chunks = (T + CHUNK - 1) / CHUNK;
#pragma omp parallel num_threads(threads)
  {
    lanes *in = new_lanes(groups * T), *from = new_lanes(groups * T), *out = new_lanes(groups * T);
    lanes *before = new_lanes(chunks * 2 * N);
#pragma omp for
    for (size_t h = 0; h < H; h++) {
      double sums[4 * MAX_PAIRS] = {0}, skip = 0;
      to_lanes(x + h * T * B, T, B, in);
      to_lanes(g + h * T * B, T, B, from);
      for (size_t i = 0; i < groups; i++) {
        inputs_gradient(in + i * T, from + i * T, T, N, A + h * 2 * N, C + h * 2 * N, D[h], before, out + i * T, sums);
        lanes total = {0};
        for (size_t t = 0; t < T; t++) total += in[i * T + t] * from[i * T + t];
        skip += across(&total);
      }
      from_lanes(out, T, B, g_x + h * T * B);
      for (size_t n = 0; n < N; n++)
        for (size_t part = 0; part < 2; part++) {
          g_A[(h * N + n) * 2 + part] = (float)sums[4 * n + part];
          g_C[(h * N + n) * 2 + part] = (float)sums[4 * n + 2 + part];
        }
      g_D[h] = (float)skip;
    }
    free(in);
    free(from);
    free(out);
    free(before);
  }
}
