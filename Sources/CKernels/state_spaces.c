// The state spaces of blocks in plain C, for every processor.
//
// Twins: Sources/SiLIF/Kinds/Blocks/StateSpace.swift, Sources/CKernels/{avx2,avx512,neon}.c
#include "space_output.h"

static inline void step(silif_state_spaces *n) {
  for (ptrdiff_t j = 0; j < n->width; j++) {
    int64_t x = n->values[j], sum = n->skip[j] * x;
    for (ptrdiff_t k = j * n->pairs; k < (j + 1) * n->pairs; k++) sum += turn_pair(n, k, x);
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
