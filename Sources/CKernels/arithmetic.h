// The arithmetic of one neuron: included by each variant that wants it compiled for its own instruction set, so without a
// guard against a second inclusion in one file.
//
// Twins: Sources/FixedPoint/Rounding.swift, Sources/SiLIF/Connection/Scale.swift
#include "CKernels.h"

/// floor(value * 2^-bits + 1/2), bits 1...62, |value| < 2^62.
static inline int64_t rounded_shift(int64_t value, int bits) { return (value + ((int64_t)1 << (bits - 1))) >> bits; }

/// The same for bits 0...62 out of a table.
static inline int64_t rounded_variable_shift(int64_t value, uint8_t bits) {
  return (((int64_t)((uint64_t)value << 1) >> bits) + 1) >> 1;
}

static inline int64_t clamped(int64_t sum, int64_t limit) { return sum > limit ? limit : sum < -limit ? -limit : sum; }

static inline int64_t aligned_current(int32_t sum, int32_t mantissa, uint8_t shift, int32_t bias) {
  return (rounded_variable_shift((int64_t)sum * mantissa, shift) + bias) * ((int64_t)1 << 22);
}
