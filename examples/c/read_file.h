/* Reads a whole file into memory that starts at a multiple of 64 bytes, which suits samples and models. */
#ifndef READ_FILE_H
#define READ_FILE_H

#include <stdio.h>
#include <stdlib.h>

/* NULL, with a message, where the file cannot be read. The caller frees the result. */
static void *read_file(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  long length = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  void *content = length < 0 ? NULL : aligned_alloc(64, ((size_t)length + 64) / 64 * 64);
  if (content) rewind(file);
  if (!content || fread(content, 1, (size_t)length, file) != (size_t)length) {
    perror(path);
    free(content);
    content = NULL;
  }
  if (file) fclose(file);
  *bytes = (size_t)length;
  return content;
}

#endif
