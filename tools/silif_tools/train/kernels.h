/* What the C kernels of training share: bfloat16, the upper half of a float32, and the hash that decides by chance. */
#ifndef SILIF_TRAIN_KERNELS_H
#define SILIF_TRAIN_KERNELS_H

#include <stdint.h>

typedef uint16_t bf16;

static inline float wide(bf16 x) {
  union {
    uint32_t bits;
    float value;
  } v = {(uint32_t)x << 16};
  return v.value;
}

/* Round to nearest, ties to even; no NaN handling. */
static inline bf16 narrow(float x) {
  union {
    float value;
    uint32_t bits;
  } v = {x};
  return (bf16)((v.bits + 0x7fffU + ((v.bits >> 16) & 1U)) >> 16);
}

/* Of an element's index and a seed: a decision that is stored nowhere, since a backward pass finds the same one
 * (lowbias32 by Chris Wellons, public domain). */
static inline uint32_t mixed(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ (x >> 16);
}

#endif
