// The state spaces of blocks in plain C, for every processor.
//
// Twins: Sources/SiLIF/Kinds/Blocks/StateSpace.swift, Sources/CKernels/{avx2,avx512}.c
#include "arithmetic.h"
#include "space_output.h"

static inline void step(silif_state_spaces *n) {
  for (ptrdiff_t j = 0; j < n->width; j++) {
    int64_t x = n->values[j], sum = n->skip[j] * x;
    for (ptrdiff_t k = j * n->pairs; k < (j + 1) * n->pairs; k++) {
      int64_t real = n->states[2 * k], imaginary = n->states[2 * k + 1];
      int64_t a = n->decay[2 * k], b = n->decay[2 * k + 1];
      int32_t u = (int32_t)rounded_shift(a * real - b * imaginary + n->gain[k] * x, 30);
      int32_t v = (int32_t)rounded_shift(b * real + a * imaginary, 30);
      n->states[2 * k] = u;
      n->states[2 * k + 1] = v;
      sum += (int64_t)n->output[2 * k] * u - (int64_t)n->output[2 * k + 1] * v;
    }
    n->values[j] = space_output(sum, n->output_shift[j], &n->saturated);
  }
}

#if SILIF_HAS_DSP
// 32 bits times 32 are one instruction there too.
SILIF_KERNEL void silif_step_spaces_dsp(silif_state_spaces *n) { step(n); }
#endif
#if !SILIF_HAS_ONE_SET
SILIF_KERNEL void silif_step_spaces_plain(silif_state_spaces *n) { step(n); }
#endif
