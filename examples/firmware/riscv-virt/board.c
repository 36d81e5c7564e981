/* qemu's `virt` for RISC-V: a 16550 UART, the finisher that ends the emulation, and the core's counter of instructions. */
#include "../board.h"

#define BYTE(address) (*(volatile uint8_t *)(address))
#define WORD(address) (*(volatile uint32_t *)(address))

#define UART_DATA BYTE(0x10000000)
#define UART_LINE_STATE BYTE(0x10000005)
#define UART_EMPTY 0x20

#define FINISHER WORD(0x100000)
#define FINISHER_PASS 0x5555u
#define FINISHER_FAIL 0x3333u

void uart_start(void) {}

void uart_bytes(const char *bytes, size_t count) {
  for (size_t index = 0; index < count; index++) {
    while (!(UART_LINE_STATE & UART_EMPTY)) {
    }
    UART_DATA = (uint8_t)bytes[index];
  }
}

static uint32_t start;

static uint32_t instructions(void) {
  uint32_t count;
  __asm__ volatile(".option push\n\t.option arch, +zicsr\n\tcsrr %0, minstret\n\t.option pop"
                   : "=r"(count)
                   :
                   : "memory");
  return count;
}

void ticks_start(void) { start = instructions(); }

uint32_t ticks_since_start(void) { return instructions() - start; }

uint32_t instructions_per_tick(void) { return 1; }

void board_exit(int status) {
  FINISHER = status == 0 ? FINISHER_PASS : 1u << 16 | FINISHER_FAIL;
  for (;;) {
  }
}
