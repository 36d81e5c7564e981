/* Opens a model in memory of exactly the size that it asks for. */
#ifndef OPEN_ENGINE_H
#define OPEN_ENGINE_H

#include "read_file.h"
#include "silif.h"

static void refuse(const char *path, silif_error error, const silif_failure *failure) {
  fprintf(stderr, "%s: %s", path, silif_error_name(error));
  if (failure && failure->field) fprintf(stderr, ": %s is %lld", failure->field, (long long)failure->value);
  if (failure && failure->field && failure->layer >= 0) fprintf(stderr, " in layer %d", (int)failure->layer);
  fputc('\n', stderr);
}

/* An engine and what it works in: the model's bytes, which it uses in place, and its own memory. */
typedef struct {
  silif_engine *engine;
  void *model, *memory;
} opened_engine;

/* There is nothing to close: an engine is its memory. */
static void free_engine(opened_engine opened) {
  free(opened.memory);
  free(opened.model);
}

/* Without an engine, and with a message, where the model cannot be read or is refused. */
static opened_engine open_engine(const char *path) {
  size_t bytes;
  opened_engine opened = {.model = read_file(path, &bytes)};
  if (!opened.model) return opened;
  silif_failure failure = {0};
  silif_memory plan;
  silif_error error = silif_plan_memory(opened.model, bytes, &plan, &failure);
  if (error == SILIF_OK) {
    opened.memory = aligned_alloc(SILIF_MEMORY_ALIGNMENT, plan.total);
    error = silif_open(opened.model, bytes, opened.memory, opened.memory ? plan.total : 0, &opened.engine, &failure);
  }
  if (error == SILIF_OK) return opened;
  refuse(path, error, &failure);
  free_engine(opened);
  return (opened_engine){0};
}

/* Whether standard output took all that was printed; says so where it did not. */
static int close_output(void) {
  if (!ferror(stdout) && fclose(stdout) == 0) return 1;
  perror("standard output");
  return 0;
}

#endif
