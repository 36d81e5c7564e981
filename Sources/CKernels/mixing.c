// What blocks do beside their sums and state spaces: gates, samples and ternary sums, once for each instruction set.
#include "arithmetic.h"
#include "curve_tables.h"
#include "kernels.h"
#include "philox.h"

/// The shifts, to the left and then to the right, that leave 16 of F fractional bits.
typedef struct {
  int left, right;
} to_q16;

static inline to_q16 to_q16_of(int32_t fraction_bits) {
  return (to_q16){fraction_bits < 16 ? 16 - fraction_bits : 0, fraction_bits > 16 ? fraction_bits - 16 : 0};
}

/// Where a value stands between the ends of a curve, 0..<2 * edge, edge of 16 fractional bits.
static inline int32_t curve_position(int64_t value, to_q16 shifts, int64_t edge) {
  int64_t value_q16 = (value * ((int64_t)1 << shifts.left) + (((int64_t)1 << shifts.right) >> 1)) >> shifts.right;
  int64_t inside = value_q16 < -edge ? -edge : value_q16 > edge - 1 ? edge - 1 : value_q16;
  return (int32_t)(inside + edge);
}

/// On the straight line between two points of a curve, which lie 2^bits apart.
static inline int32_t on_line(const silif_curve_point *curve, int32_t position, int bits) {
  int32_t from = curve[position >> bits], to = curve[(position >> bits) + 1];
  return from + (((to - from) * (position & ((1 << bits) - 1)) + (1 << (bits - 1))) >> bits);
}

/// The sign of a weight whose magnitude exceeds its threshold, else 0.
static inline int32_t ternary_sign(int32_t weight, int32_t threshold) {
  return (weight > threshold) - (weight < -threshold);
}

#if SILIF_HAS_ONE_SET
// Without vectors: one channel after another, whose values stay in registers.
#define NAME(x) x##_dsp
#define TARGET
#define LANES 1
#define HALF_LANES 1
#define COUNTERS 1
#include "mixing_body.h"
#else
#define LANES 16
#define HALF_LANES 8
#define COUNTERS 8

#define NAME(x) x##_plain
#define TARGET
#include "mixing_body.h"

#if SILIF_HAS_DSP
#define NAME(x) x##_dsp
#define TARGET
#include "mixing_body.h"
#endif

#if defined(__x86_64__)
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2")))
#include "mixing_body.h"

#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#include "mixing_body.h"
#endif
#endif
