/* Runs a model in flash over a recording in flash: verifies the model's self-test, prints the words that it hears, and
 * reports flash, RAM, stack, instructions, and a digest that any other machine must reproduce. */
#include "board.h"
#include "silif.h"

extern const char model_start[], model_end[];
extern const int16_t samples_start[], samples_end[];
extern const char data_start[], bss_end[], flash_start[], flash_end[];

/* MEMORY_BYTES is the Makefile's. silif_open refuses a model that needs more. */
static _Alignas(SILIF_MEMORY_ALIGNMENT) uint8_t memory[MEMORY_BYTES];

static void line(const char *name, uint32_t value) {
  uart_text(name);
  uart_text(" ");
  uart_decimal(value);
  uart_text("\n");
}

static int refuse(const char *what, silif_error error, const silif_failure *failure) {
  uart_text(what);
  uart_text(": ");
  uart_text(silif_error_name(error));
  if (failure && failure->field) {
    uart_text(": ");
    uart_text(failure->field);
  }
  uart_text("\n");
  return 1;
}

static void say(const silif_engine *engine, const silif_event *event) {
  size_t length;
  const char *word = silif_word(engine, (size_t)event->word, &length);
  uart_text("word ");
  uart_bytes(word, length);
  uart_text(" sample ");
  uart_decimal((uint32_t)event->position);
  uart_text(" score_q15 ");
  uart_decimal((uint32_t)event->score_q15);
  uart_text("\n");
}

int main(void) {
  uart_start();
  size_t model_bytes = (size_t)(model_end - model_start);
  silif_failure failure = {0};
  silif_memory plan;
  silif_error error = silif_plan_memory(model_start, model_bytes, &plan, &failure);
  if (error != SILIF_OK) return refuse("model", error, &failure);
  uint32_t per_tick = instructions_per_tick();
  silif_engine *engine;
  ticks_start();
  error = silif_open(model_start, model_bytes, memory, sizeof memory, &engine, &failure);
  uint32_t ticks_to_open = ticks_since_start();
  if (error != SILIF_OK) return refuse("open", error, &failure);
  line("stack_bytes_to_open", (uint32_t)stack_used());
  line("instructions_to_open", ticks_to_open * per_tick);

  uint64_t digest;
  stack_paint();
  error = silif_verify(engine, &digest);
  if (error != SILIF_OK) return refuse("self_test", error, NULL);
  line("stack_bytes_to_verify", (uint32_t)stack_used());
  uart_text("self_test ");
  uart_hexadecimal(digest);
  uart_text("\n");

  /* A microcontroller gets its samples in small blocks from a DMA. After LEAST_STEPS, the Makefile's, the recording ends; until
   * then it begins anew. */
  enum { BLOCK = 160 };
  const int16_t *samples = samples_start;
  const size_t length = (size_t)(samples_end - samples_start);
  size_t left = length;
  uint32_t steps = 0, most = 0;
  uint64_t total = 0;
  digest = SILIF_DIGEST_START;
  stack_paint();
  while (left > 0) {
    size_t block = left < BLOCK ? left : BLOCK;
    while (block > 0) {
      size_t used;
      silif_event event;
      ticks_start();
      error = silif_push_samples(engine, samples, block, &used, &event);
      uint32_t ticks = ticks_since_start();
      if (error != SILIF_OK) return refuse("push", error, NULL);
      samples += used, left -= used, block -= used;
      if (!event.stepped) continue;
      steps++;
      total += ticks;
      if (ticks > most) most = ticks;
      digest = silif_digest(engine, digest);
      if (event.word >= 0) say(engine, &event);
    }
    if (left == 0 && steps < LEAST_STEPS) samples = samples_start, left = length;
  }
  uart_text("digest ");
  uart_hexadecimal(digest);
  uart_text("\n");
  line("steps", steps);
  line("instructions_per_tick", per_tick);
  line("instructions_per_step_mean", (uint32_t)(total * per_tick / steps));
  line("instructions_per_step_most", most * per_tick);
  line("model_flash_bytes", (uint32_t)model_bytes);
  line("code_flash_bytes",
       (uint32_t)((size_t)(flash_end - flash_start) - model_bytes - 2 * (size_t)(samples_end - samples_start)));
  line("engine_ram_bytes", (uint32_t)plan.total);
  line("static_ram_bytes", (uint32_t)(bss_end - data_start));
  line("stack_bytes_to_step", (uint32_t)stack_used());
  uart_text("end\n");
  return 0;
}
