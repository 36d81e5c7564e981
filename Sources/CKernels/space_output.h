// One pair of a channel and what its states become, alike in every set.
//
// Twins: Sources/SiLIF/Kinds/Blocks/StateSpace.swift
#ifndef SPACE_OUTPUT_H
#define SPACE_OUTPUT_H

#include "kernels.h"

/// Turns pair k, of a channel whose input is x, and returns what it adds to the channel's sum.
static inline int64_t turn_pair(silif_state_spaces *n, ptrdiff_t k, int64_t x) {
  const int64_t half = (int64_t)1 << 29;
  int64_t real = n->states[2 * k], imaginary = n->states[2 * k + 1];
  int64_t a = n->decay[2 * k], b = n->decay[2 * k + 1];
  int32_t u = (int32_t)((a * real - b * imaginary + n->gain[k] * x + half) >> 30);
  int32_t v = (int32_t)((b * real + a * imaginary + half) >> 30);
  n->states[2 * k] = u;
  n->states[2 * k + 1] = v;
  return (int64_t)n->output[2 * k] * u - (int64_t)n->output[2 * k + 1] * v;
}

/// y: a sum below 2^62, rounded by 0...30 bits and kept within the states' limit.
static inline int32_t space_output(int64_t sum, uint8_t shift, int64_t *saturated) {
  int64_t y = (sum + (((int64_t)1 << shift) >> 1)) >> shift;
  if (y <= SILIF_STATE_LIMIT && y >= -SILIF_STATE_LIMIT) return (int32_t)y;
  ++*saturated;
  return (int32_t)(y > 0 ? SILIF_STATE_LIMIT : -SILIF_STATE_LIMIT);
}

#endif
