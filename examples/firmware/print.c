#include "board.h"

void uart_text(const char *text) {
  size_t count = 0;
  while (text[count]) count++;
  uart_bytes(text, count);
}

void uart_decimal(uint32_t value) {
  char digits[10];
  size_t start = sizeof digits;
  do digits[--start] = (char)('0' + value % 10);
  while ((value /= 10) != 0);
  uart_bytes(digits + start, sizeof digits - start);
}

void uart_hexadecimal(uint64_t value) {
  char digits[16];
  for (size_t index = sizeof digits; index-- > 0; value >>= 4) digits[index] = "0123456789abcdef"[value & 15];
  uart_bytes(digits, sizeof digits);
}
