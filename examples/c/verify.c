/* verify MODEL...: does this machine compute what the exporter computed? Prints each self-test's digest; the exit
 * status is 1 where one differs, or a model cannot be opened. */
#include <inttypes.h>

#include "open_engine.h"

int main(int count, char **paths) {
  if (count < 2) {
    fprintf(stderr, "usage: verify MODEL...\n");
    return 2;
  }
  int status = 0;
  for (int index = 1; index < count; index++) {
    opened_engine opened = open_engine(paths[index]);
    if (!opened.engine) {
      status = 1;
      continue;
    }
    uint64_t digest = 0;
    silif_error error = silif_verify(opened.engine, &digest);
    printf("%s  %016" PRIx64 "  %s\n", error == SILIF_OK ? "pass" : "FAIL", digest, paths[index]);
    if (error != SILIF_OK) status = 1;
    free_engine(opened);
  }
  return close_output() ? status : 1;
}
