/* How much of the stack was in use, by what it was painted with. */
#include "board.h"

/* Of the linker script. */
extern uint32_t stack_bottom[], stack_top[];

/* What unused stack holds. */
#define STACK_PAINT 0xC5C5C5C5u

/* Not inlined, so that its caller's frame lies above what it paints. The 16 words below it are left for its own. */
__attribute__((noinline)) void stack_paint(void) {
  volatile uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;
  for (volatile uint32_t *word = stack_bottom; word < end; word++) *word = STACK_PAINT;
}

size_t stack_used(void) {
  const uint32_t *word = stack_bottom;
  while (word < stack_top && *word == STACK_PAINT) word++;
  return (size_t)((const char *)stack_top - (const char *)word);
}
