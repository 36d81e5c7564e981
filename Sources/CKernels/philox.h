// Philox 4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3; SC 2011).
//
// Twins: Sources/SiLIF/Kinds/Blocks/Philox.swift
#ifndef PHILOX_H
#define PHILOX_H

#include <stdint.h>

/// `count` (a constant) counters side by side, of which a[i], b[i], c[i], d[i] are the words, become as many random words.
static inline __attribute__((always_inline)) void philox(uint32_t *restrict a, uint32_t *restrict b,
                                                         uint32_t *restrict c, uint32_t *restrict d, int count,
                                                         uint64_t key) {
  uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < count; i++) {
      uint64_t one = (uint64_t)a[i] * 0xD2511F53u, two = (uint64_t)c[i] * 0xCD9E8D57u;
      a[i] = (uint32_t)(two >> 32) ^ b[i] ^ low;
      b[i] = (uint32_t)two;
      c[i] = (uint32_t)(one >> 32) ^ d[i] ^ high;
      d[i] = (uint32_t)one;
    }
    low += 0x9E3779B9u;
    high += 0xBB67AE85u;
  }
}

#endif
