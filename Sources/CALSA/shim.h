#pragma once
#include <alsa/asoundlib.h>
#include <stdarg.h>
#include <stdio.h>

// alsa-lib reports errors by printf-like callbacks, by default on stderr. Swift can't write such functions.

static inline void silif_alsa_say_nothing(const char *file, int line, const char *function, int error,
                                          const char *format, ...) {
  (void)file;
  (void)line;
  (void)function;
  (void)error;
  (void)format;
}

/// Where `silif_alsa_keep` finds the buffer of its thread. (Inside a function, because Swift does not emit the static data of a
/// header; even so it exists once for each Swift file that uses it, so only ALSAMessages.swift does.)
static inline char **silif_alsa_text(void) {
  static __thread char *text;
  return &text;
}

static inline void silif_alsa_keep(const char *file, int line, const char *function, int error, const char *format,
                                   va_list arguments) {
  (void)file;
  (void)line;
  (void)function;
  (void)error;
  char *text = *silif_alsa_text();
  if (text && text[0] == 0) vsnprintf(text, 256, format, arguments);
}

/// From here on this thread's first message lands in `text` (256 bytes, all zero); NULL ends that. Other threads' messages are
/// dropped afterwards (alsa-lib's default handler, the one that prints, is also the one that calls a thread's own).
static inline void silif_alsa_keep_in(char *text) {
  *silif_alsa_text() = text;
  snd_lib_error_set_local(text ? silif_alsa_keep : NULL);
  snd_lib_error_set_handler(text ? NULL : silif_alsa_say_nothing);
}
