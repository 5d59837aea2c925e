/* As much of MicroPython as a native module sees, on the emulated Cortex-M7.
 *
 * Loads latentcore.mpy for the Teensy's processor as the real loader does (format 6.3: names, image,
 * relocations), at an address that is aligned as a garbage-collected block and no better, calls its
 * entry with a table of functions in the documented slots, and plays a model through the functions
 * that it stored. So the image that the packer made has run: its relocations, its calls back with
 * floats in registers, its interrupt handlers. The table is this file's own; the slots' numbers are
 * MicroPython's.
 *
 * Prints what it finds, a line each, for test_mpy.py. MPY, MODEL and LATENTS come as macros.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *obj;

enum type { NONE, STR, BYTES, BYTEARRAY, FLOATS, FLOAT, TUPLE, TYPE };

struct object {
    enum type type;
    size_t size;
    void *data;
    float number;
};

struct function {
    const void *type;
    void *code;
};

static struct object none = {NONE, 0, 0, 0}, yes = {NONE, 0, 0, 0}, no = {NONE, 0, 0, 0};
static struct object value_error = {TYPE, 0, "ValueError", 0};
static char function_types[5];

/* ---- names and globals ------------------------------------------------------------------- */

static const char *qstr[128];
static uint16_t qstr_table[128];
static struct {
    uint16_t name;
    obj value;
} globals[128];
static unsigned stored;
static void *module_globals = &globals;

static void store_global(uintptr_t name, obj value)
{
    globals[stored].name = (uint16_t)name;
    globals[stored++].value = value;
}

static obj load_global(uintptr_t name)
{
    return strcmp(qstr[name], "ValueError") == 0 ? (obj)&value_error : NULL;
}

static obj global(const char *name)
{
    for (unsigned i = 0; i < stored; i++) {
        if (strcmp(qstr[globals[i].name], name) == 0) {
            return globals[i].value;
        }
    }
    printf("missing %s\n", name);
    exit(1);
}

/* ---- the table --------------------------------------------------------------------------- */

static struct object *new(enum type type, const void *data, size_t size)
{
    struct object *object = malloc(sizeof *object);
    void *copy = malloc(size + 16);
    memcpy(copy, data, size);
    *object = (struct object){type, size, copy, 0};
    return object;
}

static obj small(intptr_t value) { return (obj)((uintptr_t)value << 1 | 1); }

static uintptr_t to_native(obj object, uintptr_t type)
{
    (void)type;
    /* A large integer is an object; here that is a float's object with the bits in `size`. */
    return (uintptr_t)object & 1 ? (uintptr_t)((intptr_t)object >> 1)
                                 : ((struct object *)object)->size;
}

static float get_float(obj object)
{
    return (uintptr_t)object & 1 ? (float)((intptr_t)object >> 1)
                                 : ((struct object *)object)->number;
}

static obj new_float(float value)
{
    struct object *object = new(FLOAT, "", 0);
    object->number = value;
    return object;
}

static obj new_tuple(size_t count, const obj *items)
{
    return new(TUPLE, items, count * sizeof *items);
}

static obj new_str(const char *text, size_t length) { return new(STR, text, length); }
static obj new_bytes(const void *data, size_t length) { return new(BYTES, data, length); }

static obj new_view(size_t length, void *data)
{
    struct object *object = new(BYTEARRAY, "", 0);
    object->data = data;
    object->size = length;
    return object;
}

struct buffer {
    void *data;
    size_t size;
    int typecode;
};

static bool get_buffer(obj object, struct buffer *buffer, uintptr_t flags)
{
    (void)flags;
    struct object *source = object;
    *buffer = (struct buffer){source->data, source->size, source->type == FLOATS ? 'f' : 'B'};
    return true;
}

static void *swap_globals(void *given)
{
    (void)given;
    return module_globals;
}

static jmp_buf raised;
static struct object *exception;

static obj call(obj function, size_t count, const obj *arguments)
{
    /* Only exception types are called: the exception is its text. */
    if (function != (obj)&value_error || count != 1) {
        abort();
    }
    return arguments[0];
}

static void raise_object(obj object)
{
    exception = object;
    longjmp(raised, 1);
}

static void not_expected(void) { abort(); }

static void *fun_table[87];

static void fill_table(void)
{
    for (unsigned i = 0; i < 87; i++) {
        fun_table[i] = (void *)not_expected;
    }
    fun_table[0] = &none;
    fun_table[1] = &no;
    fun_table[2] = &yes;
    fun_table[3] = (void *)to_native;
    fun_table[5] = (void *)swap_globals;
    fun_table[7] = (void *)load_global;
    fun_table[13] = (void *)store_global;
    fun_table[19] = (void *)new_tuple;
    fun_table[27] = (void *)call;
    fun_table[34] = (void *)raise_object;
    fun_table[57] = (void *)new_str;
    fun_table[58] = (void *)new_bytes;
    fun_table[59] = (void *)new_view;
    fun_table[60] = (void *)new_float;
    fun_table[62] = (void *)get_float;
    fun_table[65] = (void *)get_buffer;
    for (unsigned i = 0; i < 5; i++) {
        fun_table[77 + i] = &function_types[i];
    }
}

/* ---- the loader -------------------------------------------------------------------------- */

static size_t file(const char *path, uint8_t **data)
{
    FILE *stream = fopen(path, "rb");
    if (!stream) {
        printf("cannot open %s\n", path);
        exit(1);
    }
    fseek(stream, 0, SEEK_END);
    long size = ftell(stream);
    rewind(stream);
    *data = malloc((size_t)size);
    if (fread(*data, 1, (size_t)size, stream) != (size_t)size) {
        exit(1);
    }
    fclose(stream);
    return (size_t)size;
}

static const uint8_t *at;

static size_t number(void)
{
    size_t value = 0;
    do {
        value = value << 7 | (*at & 0x7f);
    } while (*at++ & 0x80);
    return value;
}

static uint8_t *load(const uint8_t *mpy)
{
    at = mpy + 4;
    size_t names = number();
    number(); /* objects: none */
    for (size_t i = 0; i < names; i++) {
        size_t length = number() >> 1;
        qstr[i + 1] = (const char *)at; /* number 0 is no name */
        qstr_table[i] = (uint16_t)(i + 1);
        at += length + 1;
    }
    size_t size = number() >> 3;
    uint8_t *block = malloc(size + 64);
    uint8_t *image = (uint8_t *)(((uintptr_t)block + 31) / 32 * 32 + 16);
    memcpy(image, at, size);
    at += size;
    number(); /* flags */
    uint32_t *word = NULL;
    for (unsigned op; (op = *at++) != 0xff;) {
        if (op & 1) {
            word = (uint32_t *)image + (number() >> 1);
        }
        op >>= 1;
        size_t count = op == 1 ? number() : 1;
        uint32_t address = op <= 1   ? (uint32_t)image
                           : op == 6 ? (uint32_t)qstr_table
                           : op == 8 ? (uint32_t)fun_table
                                     : (abort(), 0);
        while (count-- > 0) {
            *word++ += address;
        }
    }
    return image;
}

/* ---- playing ----------------------------------------------------------------------------- */

static obj call_function(const char *name, unsigned count, ...)
{
    obj a[8];
    va_list list;
    va_start(list, count);
    for (unsigned i = 0; i < count; i++) {
        a[i] = va_arg(list, obj);
    }
    va_end(list);
    struct function *function = global(name);
    unsigned arity = (unsigned)((const char *)function->type - function_types);
    if (arity != count) {
        printf("%s takes %u arguments, not %u\n", name, arity, count);
        exit(1);
    }
    if (setjmp(raised)) {
        printf("%s raised %.*s\n", name, (int)exception->size, (char *)exception->data);
        return NULL;
    }
    switch (count) {
    case 1: return ((obj(*)(obj))function->code)(a[0]);
    case 2: return ((obj(*)(obj, obj))function->code)(a[0], a[1]);
    default: return ((obj(*)(obj, obj, obj))function->code)(a[0], a[1], a[2]);
    }
}

static void print_bytes(const char *before, const uint8_t *bytes, size_t count)
{
    printf("%s", before);
    for (size_t i = 0; i < count; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\n");
}

int main(void)
{
    uint8_t *mpy, *model, *points;
    file(MPY, &mpy);
    size_t model_size = file(MODEL, &model);
    size_t points_size = file(LATENTS, &points);
    fill_table();
    uint8_t *image = load(mpy);

    void *context[] = {NULL, module_globals}; /* the module object: its type, its globals */
    void *self[] = {NULL, context};
    ((obj(*)(void *, size_t, size_t, const obj *))((uintptr_t)image | 1))(self, 0, 0, NULL);
    printf("stored %u names\n", stored);

    struct object *whole = new(BYTES, model, model_size);
    struct object *cut = new(BYTES, model, model_size / 2);
    call_function("describe", 1, cut);
    struct object *about = call_function("describe", 1, whole);
    obj *item = about->data;
    printf("describe %.6s %d %d %d %d groups", (char *)((struct object *)item[0])->data,
           (int)to_native(item[1], 2), (int)to_native(item[2], 2), (int)to_native(item[3], 2),
           (int)to_native(item[4], 2));
    struct object *groups = item[5];
    for (size_t i = 0; i < groups->size; i++) {
        printf(" %d", ((uint8_t *)groups->data)[i]);
    }
    printf(" feel %d %d\n", (int)to_native(item[7], 2), item[8] == &yes);

    static uint32_t now;
    struct object address = {FLOAT, (uintptr_t)&now, NULL, 0};
    call_function("time_source", 1, &address);
    struct object *memory = new(BYTEARRAY, "", 0);
    memory->size = to_native(item[6], 2);
    memory->data = malloc(memory->size);
    call_function("load", 3, small(0), whole, memory);
    call_function("set", 3, small(0), to_native(global("THRESHOLD"), 2) ? small(9) : small(0),
                  new_float(0.3f));
    int steps = (int)to_native(item[2], 2);
    for (size_t point = 0; point < points_size / 12; point++) {
        struct object *latents = new(FLOATS, points + point * 12, 12);
        call_function("decode", 2, small(0), latents);
        for (int i = 0; i < steps; i++) {
            now += 1000;
            call_function("clock", 1, &none);
            now += 500;
            call_function("tick", 1, &none);
        }
        struct object *cells = call_function("cells", 1, small(0));
        struct object *bits = ((obj *)cells->data)[2];
        print_bytes("cells ", bits->data, bits->size);
        static uint8_t room[4096];
        struct object into = {BYTEARRAY, sizeof room, room, 0};
        print_bytes("feel ", room, to_native(call_function("read_feel", 2, small(0), &into), 2));
    }
    return 0;
}
