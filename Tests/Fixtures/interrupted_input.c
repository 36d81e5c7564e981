/* Loaded before all else (LD_PRELOAD): standard input gives nothing. INPUT_FAULT says how: `interrupted`: each wait for it is
   interrupted (EINTR); `empty`: each wait says that there are bytes, and no read finds one (EAGAIN). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is(const char *fault) {
  const char *wanted = getenv("INPUT_FAULT");
  return wanted && !strcmp(wanted, fault);
}

int poll(struct pollfd *entries, nfds_t count, int timeout_ms) {
  int (*next)(struct pollfd *, nfds_t, int) = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
  if (count == 0 || entries[0].fd != 0) return next(entries, count, timeout_ms);
  if (is("interrupted")) {
    errno = EINTR;
    return -1;
  }
  if (!is("empty")) return next(entries, count, timeout_ms);
  int others = count > 1 ? next(entries + 1, count - 1, 0) : 0;
  entries[0].revents = POLLIN;
  return others + 1;
}

ssize_t read(int descriptor, void *target, size_t size) {
  ssize_t (*next)(int, void *, size_t) = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
  if (descriptor != 0 || !is("empty")) return next(descriptor, target, size);
  errno = EAGAIN;
  return -1;
}
