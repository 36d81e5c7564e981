// Every set of kernels that this processor runs against the plain one, on values at and between the bounds of
// docs/ARITHMETIC.md. For processors on which the Swift tests, which hold the plain set to its twins in Swift, do not run:
// tools/scripts/check_arm.sh runs it under emulation. Prints what differs; ends with 1 if anything does.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

static uint64_t state = 1;
static int failures;

/// SplitMix64.
static uint64_t next(void) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static int64_t between(int64_t least, int64_t greatest) {
  return least + (int64_t)(next() % (uint64_t)(greatest - least + 1));
}

/// A quarter each on the bounds.
static int64_t some(int64_t least, int64_t greatest) {
  uint64_t which = next() % 4;
  return which == 0 ? least : which == 1 ? greatest : between(least, greatest);
}

static void expect(int equal, const char *set, const char *what, long a, long b) {
  if (equal) return;
  printf("%s: %s differs from plain (%ld, %ld)\n", set, what, a, b);
  failures++;
}

enum { WIDEST = 688, ROWS = 600, NEURONS = 512 };
static int8_t weights8[ROWS * WIDEST] __attribute__((aligned(64)));
static int16_t weights16[ROWS * WIDEST] __attribute__((aligned(64)));

static void compare_sums(const silif_kernels *plain, const silif_kernels *set) {
  static const int widths[] = {16, 32, 48, 80, 128, 304, WIDEST};
  static const int counts[] = {0, 1, 2, 3, 16, 17, 18, 34, 35, 254, 255, 256, 257, 511, ROWS};
  static int32_t want[WIDEST], got[WIDEST];
  static uint16_t active[ROWS], listed[ROWS];
  static int16_t frame[ROWS] __attribute__((aligned(4)));
  for (size_t i = 0; i < sizeof weights8; i++) weights8[i] = (int8_t)(i % 7 == 0 ? -128 : i % 5 == 0 ? 127 : next());
  for (size_t i = 0; i < ROWS * WIDEST; i++) weights16[i] = (int16_t)some(INT16_MIN, INT16_MAX);
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
    int width = widths[w];
    size_t bytes = (size_t)width * sizeof *want;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
      int count = 0;
      for (int row = 0; row < ROWS; row++) {
        if (between(0, ROWS - row - 1) < counts[c] - count) active[count++] = (uint16_t)row;
      }
      // The frame's sums must stay within 32 bits, and a quarter of its values are zero.
      int most = (1 << 24) / (ROWS * 128 / 4);
      for (int i = 0; i < count; i++) frame[i] = (int16_t)(next() % 4 ? some(-most, most) : 0);
#define COMPARE(of_rows, weights, of_frame)                                \
  do {                                                                     \
    memset(got, 0x55, bytes);                                              \
    plain->of_rows(weights, width, active, count, want);                   \
    set->of_rows(weights, width, active, count, got);                      \
    expect(!memcmp(want, got, bytes), set->name, #of_rows, width, count);  \
    memset(got, 0x55, bytes);                                              \
    plain->of_frame(weights, width, frame, count, listed, want);           \
    set->of_frame(weights, width, frame, count, listed, got);              \
    expect(!memcmp(want, got, bytes), set->name, #of_frame, width, count); \
  } while (0)
      COMPARE(sum_rows4, weights8, sum_dense4);
      COMPARE(sum_rows8, weights8, sum_dense8);
      for (int i = 0; i < count; i++) frame[i] = (int16_t)(frame[i] / 64);
      COMPARE(sum_rows16, weights16, sum_dense16);
      // One value alone may be as large as its type.
      memset(frame, 0, sizeof frame);
      if (count == 0) continue;
      frame[count / 2] = (int16_t)(c % 2 ? INT16_MAX : INT16_MIN);
      COMPARE(sum_rows8, weights8, sum_dense8);
      COMPARE(sum_rows4, weights8, sum_dense4);
    }
  }
}

/// Coefficients of a layer anywhere within their bounds, and two copies of its states.
static struct {
  int32_t sums[NEURONS], mantissa[NEURONS], bias[NEURONS], decay[NEURONS], second[NEURONS], leak_mantissa[NEURONS];
  int32_t subthreshold[NEURONS], coupling[NEURONS];
  uint8_t shift[NEURONS], leak_shift[NEURONS];
  int64_t limit[NEURONS];
} layer;
static struct neurons {
  int32_t first[NEURONS], second[NEURONS];
  int64_t adaptation[NEURONS];
  uint8_t spiked[NEURONS];
  uint16_t active[NEURONS];
} want, got;

static void make_layer(int width, int fraction_bits, int64_t least_decay) {
  const int64_t one = 1 << 30;
  for (int i = 0; i < width; i++) {
    layer.mantissa[i] = (int32_t)some(0, INT32_MAX);
    layer.shift[i] = (uint8_t)some(0, 62);
    layer.bias[i] = (int32_t)some(-INT32_MAX, INT32_MAX);
    // Every current stays within 2^38.
    double largest = (double)((uint64_t)1 << 37) * (double)((uint64_t)1 << layer.shift[i]);
    largest /= layer.mantissa[i] ? layer.mantissa[i] : 1;
    layer.limit[i] = largest < INT32_MAX ? (int64_t)largest : INT32_MAX;
    layer.decay[i] = (int32_t)some(least_decay, one);
    layer.second[i] = (int32_t)some(least_decay, one);
    layer.leak_mantissa[i] = (int32_t)some(0, one);
    layer.leak_shift[i] = (uint8_t)some(0, 62);
    layer.subthreshold[i] = (int32_t)some(-one, one);
    layer.coupling[i] = (int32_t)some(-((int64_t)4 << fraction_bits), (int64_t)4 << fraction_bits);
    want.first[i] = (int32_t)some(-one, one);
    want.second[i] = (int32_t)some(-one, one);
    want.adaptation[i] = some(-((int64_t)1 << 60), (int64_t)1 << 60);
    want.spiked[i] = next() & 1;
  }
  got = want;
}

static void next_sums(int width, int step) {
  for (int i = 0; i < width; i++) {
    int64_t limit = layer.limit[i];
    layer.sums[i] = (int32_t)(step % 8 < 3 ? (step % 8 - 1) * limit : between(-limit, limit));
  }
}

static const silif_current current = {layer.sums, layer.mantissa, layer.shift, layer.bias};

static void expect_same(const char *set, const char *what, int width, long a, long b, int64_t more, int64_t less) {
  int equal = a == b && more == less && !memcmp(want.first, got.first, (size_t)width * sizeof *got.first) &&
              !memcmp(want.second, got.second, (size_t)width * sizeof *got.second) &&
              !memcmp(want.adaptation, got.adaptation, (size_t)width * sizeof *got.adaptation) &&
              !memcmp(want.spiked, got.spiked, (size_t)width) &&
              !memcmp(want.active, got.active, (size_t)a * sizeof *got.active);
  expect(equal, set, what, width, b);
}

static void compare_neurons(const silif_kernels *plain, const silif_kernels *set) {
  static const int widths[] = {16, 48, 80, NEURONS};
  int64_t saturated = 0;
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
    for (int fraction_bits = 8; fraction_bits <= 24; fraction_bits += 8) {
      int width = widths[w];
#define RUN(what, make)                                                        \
  do {                                                                         \
    for (int step = 0; step < 40; step++) {                                    \
      next_sums(width, step);                                                  \
      struct neurons *s = &want;                                               \
      make;                                                                    \
      long fired = (long)plain->what(&n);                                      \
      s = &got;                                                                \
      int64_t counted = n.saturated;                                           \
      make_again;                                                              \
      long also = (long)set->what(&n);                                         \
      expect_same(set->name, #what, width, fired, also, counted, n.saturated); \
      saturated += counted;                                                    \
    }                                                                          \
  } while (0)
#define make_again                                                                                         \
  n.membrane_qF = s->first, n.adaptation_qF30 = s->adaptation, n.spiked = s->spiked, n.active = s->active, \
  n.saturated = 0
      make_layer(width, fraction_bits, 0);
      RUN(step_silif, silif_neurons n = ((silif_neurons){
                          current, layer.decay, layer.second, layer.leak_mantissa, layer.leak_shift, layer.subthreshold,
                          layer.coupling, s->first, s->adaptation, s->spiked, s->active, width, fraction_bits, 0}));
#undef make_again
#define make_again \
  n.real_qF = s->first, n.imaginary_qF = s->second, n.spiked = s->spiked, n.active = s->active, n.saturated = 0
      make_layer(width, fraction_bits, -(1 << 30));
      RUN(step_csilif,
          silif_complex_neurons n = ((silif_complex_neurons){current, layer.decay, layer.second, s->first, s->second,
                                                             s->spiked, s->active, width, fraction_bits, 0}));
      make_layer(width, fraction_bits, -(1 << 30));
      RUN(step_rf,
          silif_complex_neurons n = ((silif_complex_neurons){current, layer.decay, layer.second, s->first, s->second,
                                                             s->spiked, s->active, width, fraction_bits, 0}));
#undef make_again
#define make_again n.membrane_qF = s->first, n.spiked = s->spiked, n.active = s->active, n.saturated = 0
      make_layer(width, fraction_bits, 0);
      RUN(step_lif, silif_lif_neurons n = ((silif_lif_neurons){current, layer.decay, s->first, s->spiked, s->active,
                                                               width, fraction_bits, 0}));
      make_layer(width, fraction_bits, 0);
      for (int step = 0; step < 40; step++) {
        next_sums(width, step);
        silif_readout n = {current, layer.decay, want.first, width, 0};
        plain->step_readout(&n);
        int64_t counted = n.saturated;
        n = (silif_readout){current, layer.decay, got.first, width, 0};
        set->step_readout(&n);
        expect_same(set->name, "step_readout", width, 0, 0, counted, n.saturated);
      }
    }
  }
  expect(saturated > 0, set->name, "whether anything saturates", 0, 0);
}

static void compare_spaces(const silif_kernels *plain, const silif_kernels *set) {
  static const int pairs[] = {1, 2, 3, 4, 5, 7, 8, 11, 16, 31, 64};
  enum { WIDTH = 16, PAIRS = 64 };
  static int32_t decay[WIDTH * PAIRS * 2], gain[WIDTH * PAIRS], skip[WIDTH];
  static int32_t states[WIDTH * PAIRS * 2], other_states[WIDTH * PAIRS * 2], values[WIDTH], other_values[WIDTH];
  static int16_t output[WIDTH * PAIRS * 2];
  static uint8_t shift[WIDTH];
  const int64_t one = 1 << 30;
  int64_t saturated = 0;
  for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
    int count = WIDTH * pairs[p];
    for (int round = 0; round < 40; round++) {
      for (int i = 0; i < count; i++) {
        // A pair turns a state at its bound into one within 32 bits.
        decay[2 * i] = (int32_t)some(-one, one);
        int64_t left = one - labs(decay[2 * i]);
        decay[2 * i + 1] = (int32_t)some(-left, left);
        gain[i] = (int32_t)some(-one / 2, one / 2);
      }
      for (int i = 0; i < 2 * count; i++) {
        states[i] = other_states[i] = (int32_t)some(-one, one);
        output[i] = (int16_t)some(INT16_MIN, INT16_MAX);
      }
      for (int i = 0; i < WIDTH; i++) {
        values[i] = other_values[i] = (int32_t)some(-one, one);
        shift[i] = (uint8_t)some(0, 30);
        skip[i] = (int32_t)some(-one, one);
      }
      silif_state_spaces n = {decay, gain, output, shift, skip, states, values, WIDTH, pairs[p], 0};
      plain->step_spaces(&n);
      int64_t counted = n.saturated;
      n.states = other_states, n.values = other_values, n.saturated = 0;
      set->step_spaces(&n);
      saturated += counted;
      expect(!memcmp(states, other_states, sizeof states) && !memcmp(values, other_values, sizeof values) &&
                 counted == n.saturated,
             set->name, "step_spaces", pairs[p], round);
    }
  }
  expect(saturated > 0, set->name, "whether an output saturates", 0, 0);
}

static void compare_front_end(const silif_kernels *plain, const silif_kernels *set) {
  static int16_t samples[512];
  static int32_t one[512], other[512], frame[512], window[512], scratch[512], roots[384];
  static int64_t power[256], other_power[256];
  for (int round = 0; round < 300; round++) {
    int count = (int)between(1, 256) * 2;
    for (int i = 0; i < count; i++) {
      samples[i] = (int16_t)(round % 4 ? some(INT16_MIN, INT16_MAX) : round & 4 ? INT16_MIN : INT16_MAX);
    }
    int32_t preemphasis = (int32_t)some(0, 32768);
    // (1 - c) times a mean.
    int32_t mean = (32768 - preemphasis) * (int32_t)between(-1, 1) * 1000;
    int32_t bits = plain->emphasise(samples, count, preemphasis, mean, one);
    expect(bits == set->emphasise(samples, count, preemphasis, mean, other) &&
               !memcmp(one, other, (size_t)count * sizeof *one),
           set->name, "emphasise", count, round);

    // Within 2^(shift + 7), as the block shift makes them.
    int shift = (int)between(16, 32);
    int64_t limit = shift + 7 < 31 ? (int64_t)1 << (shift + 7) : INT32_MAX;
    for (int i = 0; i < count; i++) frame[i] = (int32_t)some(-limit, limit), window[i] = (int32_t)some(0, 1 << 24);
    plain->window(frame, count / 2, window, shift, one);
    set->window(frame, count / 2, window, shift, other);
    expect(!memcmp(one, other, sizeof one), set->name, "window", count, shift);

    // Any roots whose squares add up to one at most do; the first three are one.
    for (int i = 0; i < 384; i++)
      roots[i] = i % 128 == 0 ? 1 << 30 : i % 64 == 0 ? 0 : (int32_t)some(-759250124, 759250124);
    static const int all[] = {1, 2, 16, 255, 256};
    int used = all[round % 5];
    limit = ((int64_t)255 << 22) / used;
    memset(one, 0, sizeof one);
    for (int i = 0; i < used; i++) one[i] = (int32_t)some(-limit, limit), one[i + 256] = (int32_t)some(-limit, limit);
    memcpy(other, one, sizeof one);
    plain->transform256(one, scratch, roots);
    set->transform256(other, scratch, roots);
    expect(!memcmp(one, other, sizeof one), set->name, "transform256", used, round);
    plain->power(one, roots, power);
    set->power(one, roots, other_power);
    expect(!memcmp(power, other_power, sizeof power), set->name, "power", used, round);
  }
}

int main(void) {
  const silif_kernels *plain = silif_kernel_set(0), *set;
  if (strcmp(plain->name, "plain") != 0) {
    printf("the first set is %s, not plain\n", plain->name);
    return 1;
  }
  for (ptrdiff_t index = 1; (set = silif_kernel_set(index)) != NULL; index++) {
    compare_sums(plain, set);
    compare_neurons(plain, set);
    compare_spaces(plain, set);
    compare_front_end(plain, set);
    printf("%s\n", set->name);
  }
  return failures > 0;
}
