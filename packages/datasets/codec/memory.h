#pragma once
#include <stddef.h>

/* One image at a time: everything that it needs is taken from the front of the heap, and given back at once. */
void memory_reset(void);
/* 16-byte aligned. @returns NULL where the memory cannot grow */
void *memory_take(size_t bytes);
