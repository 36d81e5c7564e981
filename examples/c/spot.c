/* spot MODEL FILE.raw: prints the words in a file of samples (16 bit, mono, at the model's rate, of this machine's byte
 * order), then a digest of every step that the network made. */
#include <inttypes.h>

#include "open_engine.h"

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: spot MODEL FILE.raw\n");
    return 2;
  }
  opened_engine opened = open_engine(arguments[1]);
  silif_engine *engine = opened.engine;
  if (!engine) return 1;
  silif_description model;
  silif_describe(engine, &model);

  size_t bytes;
  int16_t *file = read_file(arguments[2], &bytes);
  if (!file) return 1;
  const int16_t *samples = file;
  size_t left = bytes / sizeof *samples;
  uint64_t digest = SILIF_DIGEST_START;
  while (left > 0) {
    size_t used;
    silif_event event;
    silif_error error = silif_push_samples(engine, samples, left, &used, &event);
    if (error != SILIF_OK) {
      refuse(arguments[1], error, NULL);
      return 1;
    }
    samples += used;
    left -= used;
    if (event.stepped) digest = silif_digest(engine, digest);
    if (event.word >= 0) {
      size_t length;
      const char *word = silif_word(engine, (size_t)event.word, &length);
      printf("%.2f s  %.*s  %.2f\n", (double)event.position / model.sample_rate_hz, (int)length, word,
             event.score_q15 / 32768.0);
    }
  }
  printf("digest %016" PRIx64 "\n", digest);
  free(file);
  free_engine(opened);
  return close_output() ? 0 : 1;
}
