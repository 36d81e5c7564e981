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
  silif_description model;
  silif_describe(engine, &model);
  if (model.sample_rate_hz == 0) fail(arguments[1], SILIF_ERROR_NO_FRONT_END, NULL);

  size_t bytes;
  int16_t *file = read_file(arguments[2], &bytes);
  const int16_t *samples = file;
  size_t left = bytes / sizeof *samples;
  uint64_t digest = SILIF_DIGEST_START;
  while (left > 0) {
    size_t used;
    silif_event event;
    silif_push_samples(engine, samples, left, &used, &event);
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
  return 0;
}
