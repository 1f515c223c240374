/* No WASI is linked into a plugin, so there is no C library either, and little need of one. An instance serves one
 * stream and is dropped with its memory: nothing is ever given back before that. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 65536
#define ALIGNMENT 16

/* Where the linker's own data end. */
extern unsigned char __heap_base;

static uintptr_t next;

void *malloc(size_t size) {
    if (next == 0) next = (uintptr_t)&__heap_base;
    /* The size stands before the block, for realloc. */
    uintptr_t block = ((next + sizeof(size_t) + ALIGNMENT - 1) / ALIGNMENT) * ALIGNMENT;
    size_t end = __builtin_wasm_memory_size(0) * PAGE;
    if (size > SIZE_MAX - block) abort();
    if (block + size > end && __builtin_wasm_memory_grow(0, (block + size - end + PAGE - 1) / PAGE) == SIZE_MAX)
        abort();
    ((size_t *)block)[-1] = size;
    next = block + size;
    return (void *)block;
}

void *calloc(size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) abort();
    return memset(malloc(count * size), 0, count * size);
}

void *realloc(void *old, size_t size) {
    void *block = malloc(size);
    if (old != NULL) {
        size_t had = ((size_t *)old)[-1];
        memcpy(block, old, had < size ? had : size);
    }
    return block;
}

void free(void *block) { (void)block; }

_Noreturn void abort(void) { __builtin_trap(); }

void *memcpy(void *to, const void *from, size_t size) {
    for (size_t i = 0; i < size; i++) ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t size) {
    for (size_t i = 0; i < size; i++) ((unsigned char *)to)[i] = (unsigned char)value;
    return to;
}

int memcmp(const void *one, const void *other, size_t size) {
    const unsigned char *a = one, *b = other;
    for (size_t i = 0; i < size; i++)
        if (a[i] != b[i]) return a[i] - b[i];
    return 0;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length] != '\0') length++;
    return length;
}
