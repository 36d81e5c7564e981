// A qemu plugin that counts the instructions a program runs, all threads together.
//
//   -plugin plugin.so                                              of the whole run, told on standard error at the end
//   -plugin plugin.so,blocks=FILE,begin=A,low=B,high=C             by translated block, to FILE: address, instructions, runs.
//
// Counts by block begin when the program comes to address A, the entry of a function, and end when it comes back to
// addresses B...C, its caller; and so again.
//
// The declarations are those of qemu's plugin interface, version 1; Debian packages no header for them.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
enum { INLINE_ADD_U64 = 0, NO_REGISTERS = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*translated)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *counter,
                                              uint64_t value);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, void (*executed)(unsigned, void *), int flags,
                                          void *data);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*ended)(plugin_id, void *), void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
static uint64_t instructions;

/// A translated block. One address may begin several: they are translated anew, in other lengths.
typedef struct block {
  uint64_t address, runs;
  size_t instructions;
  struct block *next;
} block;
static block *blocks;
static const char *blocks_path;
static uint64_t begin, low, high;
static int counting;

static void executed(unsigned cpu, void *data) {
  (void)cpu;
  block *b = data;
  if (b->address == begin) counting = 1;
  if (b->address >= low && b->address < high) counting = 0;
  b->runs += (uint64_t)counting;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb) {
  (void)id;
  if (!blocks_path) {
    qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &instructions, qemu_plugin_tb_n_insns(tb));
    return;
  }
  block *b = malloc(sizeof *b);
  if (!b) abort();
  *b = (block){qemu_plugin_tb_vaddr(tb), 0, qemu_plugin_tb_n_insns(tb), blocks};
  blocks = b;
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, NO_REGISTERS, b);
}

static void ended(plugin_id id, void *data) {
  (void)id;
  (void)data;
  if (!blocks_path) {
    fprintf(stderr, "instructions %" PRIu64 "\n", instructions);
    return;
  }
  FILE *file = fopen(blocks_path, "w");
  if (!file) {
    perror(blocks_path);
    return;
  }
  for (const block *b = blocks; b; b = b->next) {
    if (b->runs) fprintf(file, "%" PRIu64 " %zu %" PRIu64 "\n", b->address, b->instructions, b->runs);
  }
  fclose(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int count,
                                                               char **arguments) {
  (void)info;
  for (int i = 0; i < count; i++) {
    const char *value = strchr(arguments[i], '=');
    if (!value) return 1;
    size_t length = (size_t)(value++ - arguments[i]);
    const char *name = arguments[i];
    if (length == 6 && memcmp(name, "blocks", length) == 0) {
      blocks_path = strdup(value);
    } else if (length == 5 && memcmp(name, "begin", length) == 0) {
      begin = strtoull(value, NULL, 0);
    } else if (length == 3 && memcmp(name, "low", length) == 0) {
      low = strtoull(value, NULL, 0);
    } else if (length == 4 && memcmp(name, "high", length) == 0) {
      high = strtoull(value, NULL, 0);
    } else {
      return 1;
    }
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, NULL);
  return 0;
}
