/* Vector table and start-up of a Cortex-M without a vendor's kit: paints the stack, copies data, clears bss, calls
 * main. A fault ends the run with a message, not in silence. */
#include <stdint.h>

#include "../board.h"

extern uint32_t stack_top[], data_load[], data_start[], data_end[], bss_start[], bss_end[];

int main(void);

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

/* The board's first sixteen vectors; it uses no interrupt. */
// clang-format off
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top,     reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, 0, 0, 0, 0,
    fault_handler, fault_handler, 0,             fault_handler, fault_handler};
// clang-format on
