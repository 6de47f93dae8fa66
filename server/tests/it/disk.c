/* A disk that hangs: loaded into the server in front of the C library, it lets whoever reads, writes or syncs a
   file of a database wait for as long as there is a file of the name that HANGS gives. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static void hang(int file) {
  const char *marker = getenv("HANGS");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (!marker || length < 0) return;
  path[length] = 0;
  if (!strstr(path, "daypass.db")) return;
  while (access(marker, F_OK) == 0) usleep(10000);
}

#define WAITS(result, name, parameters, arguments)             \
  result name parameters {                                     \
    static result(*real) parameters;                           \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);      \
    hang(file);                                                \
    return real arguments;                                     \
  }

WAITS(ssize_t, read, (int file, void *to, size_t bytes), (file, to, bytes))
WAITS(ssize_t, write, (int file, const void *from, size_t bytes), (file, from, bytes))
WAITS(ssize_t, pread, (int file, void *to, size_t bytes, off_t at), (file, to, bytes, at))
WAITS(ssize_t, pread64, (int file, void *to, size_t bytes, off64_t at), (file, to, bytes, at))
WAITS(ssize_t, pwrite, (int file, const void *from, size_t bytes, off_t at), (file, from, bytes, at))
WAITS(ssize_t, pwrite64, (int file, const void *from, size_t bytes, off64_t at), (file, from, bytes, at))
WAITS(int, fsync, (int file), (file))
WAITS(int, fdatasync, (int file), (file))
