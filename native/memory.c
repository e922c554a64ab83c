/*
 * Gives memory back to the system that a process keeps after its start and does not need.
 *
 * Two kinds. What malloc has free in the middle of its blocks, where the C library can return it (glibc). And pages of
 * Node's own file: its code and constants are some 100 MB, of which a start touches half and an agent at rest few; they
 * are as they are on disk, so forgetting them costs nothing but to look for them again. The kernel does the same when
 * memory runs out, only later. Mappings that hold a single changed page, that can be written, or that are of no file
 * (Node copies its code into such ones with --use-largepages) are left alone: their content would be lost.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <node_api.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Smaller mappings are not worth the call. */
#define LEAST_BYTES (1024 * 1024)

/* Only glibc has it. */
extern int malloc_trim(size_t kept) __attribute__((weak));

typedef struct {
  uintptr_t from, to;
  int may_go; /* of a file, private, and not to be written */
} mapping;

/* `from-to perms offset device inode path`; 0 for a line of another kind. */
static int read_mapping(const char *line, mapping *read) {
  char *end;
  if (!(*line >= '0' && *line <= '9') && !(*line >= 'a' && *line <= 'f')) return 0;
  read->from = strtoull(line, &end, 16);
  if (*end != '-') return 0;
  read->to = strtoull(end + 1, &end, 16);
  if (*end != ' ' || strlen(end) < 5) return 0;
  read->may_go = end[1] == 'r' && end[2] == '-' && end[4] == 'p' && strchr(end, '/') != NULL;
  return 1;
}

/* Octets of address space whose pages were let go; -errno. */
static int64_t forget_unchanged_pages(void) {
  static const char CHANGED[] = "Anonymous:";
  char line[4096 + 256]; /* the longest path, and what stands before it */
  mapping now = {0, 0, 0};
  int64_t gone = 0;
  FILE *maps = fopen("/proc/self/smaps", "re");
  if (maps == NULL) return -errno;
  while (fgets(line, sizeof line, maps) != NULL) {
    if (read_mapping(line, &now) || strncmp(line, CHANGED, sizeof CHANGED - 1) != 0) continue;
    size_t bytes = now.to - now.from;
    if (!now.may_go || bytes < LEAST_BYTES || strtoull(line + sizeof CHANGED - 1, NULL, 10) != 0) continue;
    if (madvise((void *)now.from, bytes, MADV_DONTNEED) == 0) gone += (int64_t)bytes;
    now.may_go = 0;
  }
  fclose(maps);
  return gone;
}

/* For JavaScript: octets of address space that were let go, or -errno. */
napi_value give_back_memory(napi_env env, napi_callback_info info) {
  napi_value made;
  if (malloc_trim != NULL) malloc_trim(0);
  return napi_create_int64(env, forget_unchanged_pages(), &made) == napi_ok ? made : NULL;
}
