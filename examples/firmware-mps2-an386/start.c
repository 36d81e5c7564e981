/* Vector table and start-up of a Cortex-M4 without a vendor's kit: paints the stack, copies data, clears bss, calls
 * main. A fault ends the run with a message, not in silence. */
#include <stdint.h>

#include "board.h"

extern uint32_t stack_bottom[], stack_top[], data_load[], data_start[], data_end[], bss_start[], bss_end[];

int main(void);

/* What unused stack holds. */
#define STACK_PAINT 0xC5C5C5C5u

/* Not inlined, so that its caller's frame lies above what it paints. The 16 words below it are left for its own. */
__attribute__((noinline)) void stack_paint(void) {
  volatile uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;
  for (volatile uint32_t *word = stack_bottom; word < end; word++) *word = STACK_PAINT;
}

void reset_handler(void) {
  stack_paint();
  const uint32_t *from = data_load;
  for (uint32_t *to = data_start; to < data_end; to++) *to = *from++;
  for (uint32_t *word = bss_start; word < bss_end; word++) *word = 0;
  board_exit(main());
}

/* Configurable Fault Status Register: what kind of fault it was. */
#define FAULT_STATUS (*(volatile uint32_t *)0xE000ED28)

__attribute__((used)) static void report_fault(void) {
  uart_text("FAULT ");
  uart_hexadecimal(FAULT_STATUS);
  uart_text("\n");
  board_exit(1);
}

/* The stack may be what failed: the report begins at its top again. */
__attribute__((naked)) static void fault_handler(void) {
  __asm__ volatile("ldr sp, =stack_top\n b report_fault\n .ltorg");
}

size_t stack_used(void) {
  const uint32_t *word = stack_bottom;
  while (word < stack_top && *word == STACK_PAINT) word++;
  return (size_t)((const char *)stack_top - (const char *)word);
}

/* The board's first sixteen vectors; it uses no interrupt. */
// clang-format off
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top,     reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, 0, 0, 0, 0,
    fault_handler, fault_handler, 0,             fault_handler, fault_handler};
// clang-format on
