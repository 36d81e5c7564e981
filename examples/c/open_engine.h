/* Opens a model in memory of exactly the size that it asks for. */
#ifndef OPEN_ENGINE_H
#define OPEN_ENGINE_H

#include "read_file.h"
#include "silif.h"

static void fail(const char *path, silif_error error, const silif_failure *failure) {
  fprintf(stderr, "%s: %s", path, silif_error_name(error));
  if (failure && failure->field) fprintf(stderr, ": %s is %lld", failure->field, (long long)failure->value);
  if (failure && failure->field && failure->layer >= 0) fprintf(stderr, " in layer %d", (int)failure->layer);
  fputc('\n', stderr);
  exit(1);
}

/* An engine and what it works in: the model's bytes, which it uses in place, and its own memory. */
typedef struct {
  silif_engine *engine;
  void *model, *memory;
} opened_engine;

/* Ends the program with a message where the model is refused. */
static opened_engine open_engine(const char *path) {
  size_t bytes;
  opened_engine opened = {.model = read_file(path, &bytes)};
  silif_failure failure = {0};
  silif_memory plan;
  silif_error error = silif_plan_memory(opened.model, bytes, &plan, &failure);
  if (error != SILIF_OK) fail(path, error, &failure);
  opened.memory = aligned_alloc(SILIF_MEMORY_ALIGNMENT, plan.total);
  error = silif_open(opened.model, bytes, opened.memory, opened.memory ? plan.total : 0, &opened.engine, &failure);
  if (error != SILIF_OK) fail(path, error, &failure);
  return opened;
}

/* There is nothing to close: an engine is its memory. */
static void free_engine(opened_engine opened) {
  free(opened.memory);
  free(opened.model);
}

#endif
