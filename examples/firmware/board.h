/* What the firmware needs of a board: mps2 and riscv-virt have it. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

void uart_start(void);
void uart_text(const char *text);
void uart_bytes(const char *bytes, size_t count);
void uart_decimal(uint32_t value);
void uart_hexadecimal(uint64_t value);

/* What counts while instructions run, for up to 2^24 ticks: SysTick on mps2, minstret on RISC-V. */
void ticks_start(void);
uint32_t ticks_since_start(void);
/* Instructions in a tick, on mps2 measured on a loop of a known number of them: qemu with -icount lets each take the same
 * emulated time. Says nothing about the time that a true core takes. */
uint32_t instructions_per_tick(void);

/* Paints the stack below the caller. */
void stack_paint(void);
/* The most stack that was in use since it was painted, in bytes from its top. */
size_t stack_used(void);

/* Ends the emulation by semihosting: qemu exits with 0 where status is 0, with 1 otherwise. */
__attribute__((noreturn)) void board_exit(int status);

#endif
