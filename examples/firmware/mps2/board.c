#include "../board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* CMSDK APB UART 0. */
#define UART_DATA REGISTER(0x40004000)
#define UART_STATE REGISTER(0x40004004)
#define UART_CONTROL REGISTER(0x40004008)
#define UART_DIVIDER REGISTER(0x40004010)

#define SYSTICK_CONTROL REGISTER(0xE000E010)
#define SYSTICK_RELOAD REGISTER(0xE000E014)
#define SYSTICK_VALUE REGISTER(0xE000E018)
#define SYSTICK_LONGEST 0xFFFFFFu

void uart_start(void) {
  UART_DIVIDER = 25000000 / 115200;
  UART_CONTROL = 1; /* transmit */
}

void uart_bytes(const char *bytes, size_t count) {
  for (size_t index = 0; index < count; index++) {
    while (UART_STATE & 1) {
    }
    UART_DATA = (uint8_t)bytes[index];
  }
}

void ticks_start(void) {
  SYSTICK_RELOAD = SYSTICK_LONGEST;
  SYSTICK_VALUE = 0;
  SYSTICK_CONTROL = 5; /* the core's clock, no interrupt */
  while (SYSTICK_VALUE == 0) {
  }
}

uint32_t ticks_since_start(void) { return SYSTICK_LONGEST - SYSTICK_VALUE; }

uint32_t instructions_per_tick(void) {
  uint32_t rounds = 2000000;
  ticks_start();
  __asm__ volatile("1: subs %0, %0, #1\n bne 1b" : "+r"(rounds) : : "cc");
  uint32_t ticks = ticks_since_start();
  return (2 * 2000000 + ticks / 2) / ticks;
}

void board_exit(int status) {
  /* SYS_EXIT with ADP_Stopped_ApplicationExit, or with ADP_Stopped_RunTimeErrorUnknown. */
  register uint32_t operation __asm__("r0") = 0x18;
  register uint32_t reason __asm__("r1") = status == 0 ? 0x20026 : 0x20023;
  __asm__ volatile("bkpt 0xab" : : "r"(operation), "r"(reason) : "memory");
  for (;;) {
  }
}
