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

/* Ends the program with a message where the model is refused. `plan` receives the memory it takes. */
static silif_engine *open_engine(const char *path, silif_memory *plan) {
  size_t bytes;
  const void *model = read_file(path, &bytes);
  silif_failure failure = {0};
  silif_error error = silif_plan_memory(model, bytes, plan, &failure);
  if (error != SILIF_OK) fail(path, error, &failure);
  silif_engine *engine;
  void *memory = aligned_alloc(SILIF_MEMORY_ALIGNMENT, plan->total);
  error = silif_open(model, bytes, memory, memory ? plan->total : 0, &engine, &failure);
  if (error != SILIF_OK) fail(path, error, &failure);
  return engine;
}

#endif
