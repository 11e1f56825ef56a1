#include "memory.h"
#include <stdint.h>

extern unsigned char __heap_base;
static uintptr_t next;

void memory_reset(void) { next = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15; }

void *memory_take(size_t bytes) {
  const uintptr_t start = next;
  const uintptr_t size = (bytes + 15) & ~(uintptr_t)15;
  if (size < bytes || start + size < start) return NULL;
  const uintptr_t have = (uintptr_t)__builtin_wasm_memory_size(0) << 16;
  if (start + size > have) {
    const uintptr_t pages = (start + size - have + 65535) >> 16;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
  }
  next = start + size;
  return (void *)start;
}

/* What libjpeg-turbo asks of a C library. */
void *malloc(size_t bytes) { return memory_take(bytes); }
void free(void *pointer) { (void)pointer; }
void *memcpy(void *restrict to, const void *restrict from, size_t bytes) { return __builtin_memcpy(to, from, bytes); }
void *memset(void *to, int value, size_t bytes) { return __builtin_memset(to, value, bytes); }
