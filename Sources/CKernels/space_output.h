// What the states of a channel become, alike in every set.
//
// Twins: Sources/SiLIF/Kinds/Blocks/StateSpace.swift
#ifndef SPACE_OUTPUT_H
#define SPACE_OUTPUT_H

#include "kernels.h"

/// y: a sum below 2^62, rounded by 0...30 bits and kept within the states' limit.
static inline int32_t space_output(int64_t sum, uint8_t shift, int64_t *saturated) {
  int64_t y = (sum + (((int64_t)1 << shift) >> 1)) >> shift;
  if (y <= SILIF_STATE_LIMIT && y >= -SILIF_STATE_LIMIT) return (int32_t)y;
  ++*saturated;
  return (int32_t)(y > 0 ? SILIF_STATE_LIMIT : -SILIF_STATE_LIMIT);
}

#endif
