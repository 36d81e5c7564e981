// The front end's loops, once for each instruction set.
#include "kernels.h"

/// sum * 2^-bits, rounded half up, for results that fit 32 bits: then the shift need not know the sign.
#define ROUNDED(sum, bits) ((int32_t)((uint64_t)((sum) + ((int64_t)1 << ((bits) - 1))) >> (bits)))
#define SQUARED_MAGNITUDE(re, im) \
  ((int64_t)(((uint64_t)((int64_t)(re) * (re) + (int64_t)(im) * (im)) + (1 << 15)) >> 16))

#define NAME(x) x##_plain
#define TARGET
#include "log_mel_body.h"

#if defined(__x86_64__)
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2")))
#include "log_mel_body.h"

#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#include "log_mel_body.h"
#endif
