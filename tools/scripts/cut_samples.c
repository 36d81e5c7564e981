/* cut_samples FILE START_MS LENGTH_MS > FILE.raw: cuts a piece of a sound file as it is, mono, to 16-bit samples.
 * Of a file with 16 bits a sample, such as models/demo.flac, these are the samples themselves. */
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: cut_samples FILE START_MS LENGTH_MS > FILE.raw\n");
    return 2;
  }
  SF_INFO info = {0};
  SNDFILE *file = sf_open(arguments[1], SFM_READ, &info);
  if (!file || info.channels != 1) {
    fprintf(stderr, "%s: %s\n", arguments[1], file ? "not mono" : sf_strerror(NULL));
    return 1;
  }
  sf_count_t start = atoll(arguments[2]) * info.samplerate / 1000;
  sf_count_t length = atoll(arguments[3]) * info.samplerate / 1000;
  short *samples = malloc((size_t)length * sizeof *samples);
  if (!samples || sf_seek(file, start, SEEK_SET) != start || sf_readf_short(file, samples, length) != length) {
    fprintf(stderr, "%s: no such piece\n", arguments[1]);
    return 1;
  }
  return fwrite(samples, sizeof *samples, (size_t)length, stdout) == (size_t)length ? 0 : 1;
}
