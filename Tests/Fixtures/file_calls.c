/* Loaded before all else (LD_PRELOAD): a slow disk, and a record of what a command does with the files that it makes.

   FILE_CALLS names the record, with a line for each call: `make FLAGS PATH` (of open with O_CREAT), `sync PATH` and
   `rename FROM -> TO`. SLOW_DISK_US: each write to a file comes in two halves with so many microseconds between them, and each
   rename so much later. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *format, ...) {
  const char *record = getenv("FILE_CALLS");
  if (!record) return;
  int saved = errno;
  int file = (int)syscall(SYS_openat, AT_FDCWD, record, O_WRONLY | O_CREAT | O_APPEND, 0600);
  va_list arguments;
  va_start(arguments, format);
  vdprintf(file, format, arguments);
  va_end(arguments);
  close(file);
  errno = saved;
}

static void waste(void) {
  const char *pause_us = getenv("SLOW_DISK_US");
  if (pause_us) usleep((useconds_t)atoi(pause_us));
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  int mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
  va_end(arguments);
  int result = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (flags & O_CREAT && result >= 0) note("make %d %s\n", flags, path);
  return result;
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
  struct stat status;
  size_t first = size;
  if (size > 1 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) first = size / 2;
  ssize_t written = syscall(SYS_write, descriptor, bytes, first);
  if (written != (ssize_t)first || first == size) return written;
  waste();
  ssize_t rest = syscall(SYS_write, descriptor, (const char *)bytes + first, size - first);
  return rest < 0 ? written : written + rest;
}

int fsync(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  note("sync %.*s\n", length < 0 ? 0 : (int)length, path);
  return (int)syscall(SYS_fsync, descriptor);
}

int rename(const char *from, const char *to) {
  waste();
  note("rename %s -> %s\n", from, to);
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
