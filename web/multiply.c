// The one function of the compiler's own that the library needs as WebAssembly: the low 128 bits of a product. The toolchain
// has no compiler-rt for it.
typedef unsigned long long u64;
typedef __int128 i128;
typedef unsigned __int128 u128;

i128 __multi3(i128 a, i128 b);

i128 __multi3(i128 a, i128 b) {
  const u64 half = 0xffffffff;
  u64 al = (u64)a, bl = (u64)b;
  u64 low = (al & half) * (bl & half), high = (al >> 32) * (bl >> 32);
  u64 cross = (al >> 32) * (bl & half), across = (al & half) * (bl >> 32);
  u64 middle = (low >> 32) + (cross & half) + (across & half);
  high += (cross >> 32) + (across >> 32) + (middle >> 32);
  high += al * (u64)((u128)b >> 64) + (u64)((u128)a >> 64) * bl;
  return (i128)((u128)high << 64 | (low & half) | middle << 32);
}
