/* A clock that is set: loaded into a server in front of the C library, it moves the clock on the wall by as many
   seconds as there are in the file whose name CLOCK gives. The steady clock, which nobody can set, goes on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*real)(clockid_t, struct timespec *);
  static int file = -1;
  long seconds;
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, time);
  if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
  if (file < 0) file = open(getenv("CLOCK"), O_RDONLY | O_CLOEXEC);
  if (pread(file, &seconds, sizeof seconds, 0) != sizeof seconds) abort();
  time->tv_sec += seconds;
  return 0;
}
