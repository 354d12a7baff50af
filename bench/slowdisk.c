// A disk as slow as wanted, and a look at each commit: bench/store.sh preloads this into a broker (LD_PRELOAD).
//
//   SLOWDISK_MICROSECONDS  added to each fsync and fdatasync; default 0
//   SLOWDISK_LOG           a file that gets a line for each fsync of the journal's thread: the microseconds from its first write since
//                          the last one, which begins the commit, to the end of the flush
//
// cc -O2 -shared -fPIC -o slowdisk.so slowdisk.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static ssize_t (*real_pwrite64)(int, const void *, size_t, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static useconds_t delay;
static int report = -1;

static __thread int is_journal = -1;
static __thread double began;

__attribute__((constructor)) static void prepare(void)
{
    real_pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    const char *microseconds = getenv("SLOWDISK_MICROSECONDS");
    const char *path = getenv("SLOWDISK_LOG");
    delay = microseconds ? (useconds_t)atoi(microseconds) : 0;
    report = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int watched(void)
{
    if (is_journal < 0) {
        char name[16] = "";
        prctl(PR_GET_NAME, name);
        is_journal = report >= 0 && strcmp(name, "cassini journal") == 0;
    }
    return is_journal;
}

static int flush(int (*real)(int), int file)
{
    int result = real(file);
    if (delay > 0)
        usleep(delay);
    if (watched() && began > 0) {
        dprintf(report, "%.0f\n", now() - began);
        began = 0;
    }
    return result;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset)
{
    if (watched() && began == 0)
        began = now();
    return real_pwrite64(file, bytes, count, offset);
}

int fsync(int file) { return flush(real_fsync, file); }

int fdatasync(int file) { return flush(real_fdatasync, file); }
