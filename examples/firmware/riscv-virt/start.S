/* Start-up of RISC-V without a vendor's kit: copies data, clears bss, paints the stack, calls main. A trap ends the run with a
 * message, not in silence. */
  .option arch, +zicsr
  .section .text.start, "ax"
  .global _start
_start:
  la sp, stack_top
  la t0, trapped
  csrw mtvec, t0
  la t0, data_load
  la t1, data_start
  la t2, data_end
1:
  bgeu t1, t2, 2f
  lw t3, 0(t0)
  sw t3, 0(t1)
  addi t0, t0, 4
  addi t1, t1, 4
  j 1b
2:
  la t1, bss_start
  la t2, bss_end
3:
  bgeu t1, t2, 4f
  sw zero, 0(t1)
  addi t1, t1, 4
  j 3b
4:
  call stack_paint
  call main
  call board_exit

  .balign 4
trapped:
  la sp, stack_top
  la a0, message
  call uart_text
  csrr a0, mcause
  call uart_decimal
  la a0, line_end
  call uart_text
  li a0, 1
  call board_exit

  .section .rodata
message:
  .asciz "TRAP "
line_end:
  .asciz "\n"
