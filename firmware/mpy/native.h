/* MicroPython for a native module: the ABI of the .mpy format 6.3, as far as Latentrack needs it.
 *
 * A native module gets the address of one table of functions, `mp_fun_table`. Its slots
 * have kept their places from v1.23 to v1.29; here they are by number, so that no source
 * of MicroPython is needed to build. Everything is `static inline`: a module that does not
 * call a function does not carry it.
 *
 * What starts with `py_` or `PY_` is what a binding may use; firmware.h gives latentcore.c the same
 * on top of MicroPython's own headers, for a module that is compiled into a firmware.
 */
#ifndef LATENTRACK_NATIVE_H
#define LATENTRACK_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *py_obj;

struct py_buffer {
    void *data;
    size_t size;
    int typecode;
};

/* Slot numbers of mp_fun_table. */
enum {
    SLOT_NONE = 0,
    SLOT_FALSE = 1,
    SLOT_TRUE = 2,
    SLOT_TO_NATIVE = 3,
    SLOT_FROM_NATIVE = 4,
    SLOT_SWAP_GLOBALS = 5,
    SLOT_LOAD_GLOBAL = 7,
    SLOT_LOAD_ATTR = 9,
    SLOT_STORE_GLOBAL = 13,
    SLOT_IS_TRUE = 16,
    SLOT_NEW_TUPLE = 19,
    SLOT_CALL = 27,
    SLOT_RAISE = 34,
    SLOT_NEW_STR = 57,
    SLOT_NEW_BYTES = 58,
    SLOT_NEW_BYTEARRAY_BY_REF = 59,
    SLOT_NEW_FLOAT = 60,
    SLOT_FLOAT = 62,
    SLOT_BUFFER = 65,
    SLOT_FUNCTION_TYPE_0 = 77,
    SLOT_FUNCTION_TYPE_VAR = 81,
    SLOTS = 87,
};

enum { BUFFER_READ = 1, BUFFER_WRITE = 2, BUFFER_RAISE = 4 };

/* Both tables are filled in by the loader: the packer turns references to these two names
   into relocations of the .mpy file, and refuses any other undefined name. */
extern void *const mp_fun_table[SLOTS];
extern const uint16_t mp_qstr_table[];

enum { NATIVE_INT = 2, NATIVE_UINT = 3 };

#define SLOT(number, result, ...) ((result (*)(__VA_ARGS__))mp_fun_table[number])

static inline py_obj py_none(void)
{
    return mp_fun_table[SLOT_NONE];
}

static inline py_obj py_bool(bool value)
{
    return mp_fun_table[value ? SLOT_TRUE : SLOT_FALSE];
}

static inline py_obj py_new_uint(uintptr_t value)
{
    return SLOT(SLOT_FROM_NATIVE, py_obj, uintptr_t, uintptr_t)(value, NATIVE_UINT);
}

static inline py_obj py_small_int(intptr_t value)
{
    return (py_obj)(((uintptr_t)value << 1) | 1);
}

static inline uintptr_t py_uint(py_obj object)
{
    return SLOT(SLOT_TO_NATIVE, uintptr_t, py_obj, uintptr_t)(object, NATIVE_UINT);
}

static inline intptr_t py_int(py_obj object)
{
    return (intptr_t)SLOT(SLOT_TO_NATIVE, uintptr_t, py_obj, uintptr_t)(object, NATIVE_INT);
}

static inline float py_float(py_obj object)
{
    return SLOT(SLOT_FLOAT, float, py_obj)(object);
}

static inline py_obj py_new_float(float value)
{
    return SLOT(SLOT_NEW_FLOAT, py_obj, float)(value);
}

static inline bool py_is_true(py_obj object)
{
    return SLOT(SLOT_IS_TRUE, bool, py_obj)(object);
}

static inline py_obj py_new_tuple(size_t count, const py_obj *items)
{
    return SLOT(SLOT_NEW_TUPLE, py_obj, size_t, const py_obj *)(count, items);
}

static inline py_obj py_new_str(const char *text, size_t length)
{
    return SLOT(SLOT_NEW_STR, py_obj, const char *, size_t)(text, length);
}

static inline py_obj py_new_bytes(const void *data, size_t length)
{
    return SLOT(SLOT_NEW_BYTES, py_obj, const void *, size_t)(data, length);
}

/* A bytearray that shows memory which somebody else owns; it keeps a garbage-collected
   block alive if `data` is the block's first byte. */
static inline py_obj py_new_view(void *data, size_t length)
{
    return SLOT(SLOT_NEW_BYTEARRAY_BY_REF, py_obj, size_t, void *)(length, data);
}

static inline struct py_buffer py_buffer(py_obj object, uintptr_t flags)
{
    struct py_buffer buffer = {0, 0, 0};
    SLOT(SLOT_BUFFER, bool, py_obj, struct py_buffer *, uintptr_t)(object, &buffer,
                                                                   flags | BUFFER_RAISE);
    return buffer;
}

static inline py_obj py_global(unsigned name)
{
    return SLOT(SLOT_LOAD_GLOBAL, py_obj, uintptr_t)(mp_qstr_table[name]);
}

static inline void py_store_global(unsigned name, py_obj value)
{
    SLOT(SLOT_STORE_GLOBAL, void, uintptr_t, py_obj)(mp_qstr_table[name], value);
}

static inline py_obj py_attribute(py_obj object, unsigned name)
{
    return SLOT(SLOT_LOAD_ATTR, py_obj, py_obj, uintptr_t)(object, mp_qstr_table[name]);
}

static inline py_obj py_call(py_obj function, size_t count, const py_obj *arguments)
{
    return SLOT(SLOT_CALL, py_obj, py_obj, size_t, const py_obj *)(function, count, arguments);
}

/* Raises the exception called `type` (an index of the names) with a copy of the text:
   mp_raise_msg would keep a pointer to it, and our texts move. */
static inline __attribute__((noreturn)) void py_raise(unsigned type, const char *text)
{
    size_t length = 0;
    while (text[length] != 0) {
        length++;
    }
    py_obj argument = py_new_str(text, length);
    SLOT(SLOT_RAISE, void, py_obj)(py_call(py_global(type), 1, &argument));
    __builtin_unreachable();
}

/* Function objects. A fixed arity is {type, function}; a variable one carries a signature.
   The types are addresses that only the table knows, so py_export fills them in. */
struct py_function {
    const void *type;
    void *function;
};

struct py_function_var {
    const void *type;
    uint32_t signature;
    py_obj (*function)(size_t count, const py_obj *arguments);
};

#define PY_FUNCTION_0(name) static struct py_function name##_object = {0, (void *)name}
#define PY_FUNCTION_1(name) PY_FUNCTION_0(name)
#define PY_FUNCTION_2(name) PY_FUNCTION_0(name)
#define PY_FUNCTION_3(name) PY_FUNCTION_0(name)
#define PY_SIGNATURE(least, most) ((uint32_t)(least) << 17 | (uint32_t)(most) << 1)
#define PY_FUNCTION_VAR(name, least, most)                                                         \
    static struct py_function_var name##_object = {0, PY_SIGNATURE(least, most), name}

/* What the loader calls at offset 0: the module's dictionary of globals is swapped in while
   names are stored. Word 1 of `self` points at a struct that starts with the module object
   {type, globals}. */
static inline void *py_enter_module(const void *self)
{
    void *const *context = ((void *const *const *)self)[1];
    return SLOT(SLOT_SWAP_GLOBALS, void *, void *)(context[1]);
}

static inline void py_leave_module(void *globals)
{
    SLOT(SLOT_SWAP_GLOBALS, void *, void *)(globals);
}

static inline void py_export(unsigned name, void *object, unsigned type_slot)
{
    *(const void **)object = mp_fun_table[type_slot];
    py_store_global(name, object);
}

/* The names of a module, in one string that the packer reads (gcc would shuffle separate ones), and
   an enum that numbers them. The first is the file's name. Each list is an X-macro: functions(X)
   with X(name, arity), the others with X(name). */
#define PY_NAMES(file, functions, constants, exceptions)                                           \
    __attribute__((used, section(".names"))) static const char py_names[] =                        \
        file "\0_image\0" functions(PY_FUNCTION_TEXT) constants(PY_TEXT) exceptions(PY_TEXT);      \
    enum {                                                                                         \
        NAME_FILE,                                                                                 \
        NAME__image,                                                                               \
        functions(PY_FUNCTION_NUMBER) constants(PY_NUMBER) exceptions(PY_NUMBER)                   \
    }
#define PY_TEXT(name) #name "\0"
#define PY_NUMBER(name) NAME_##name,
#define PY_FUNCTION_TEXT(name, arity) PY_TEXT(name)
#define PY_FUNCTION_NUMBER(name, arity) PY_NUMBER(name)

#define PY_0 SLOT_FUNCTION_TYPE_0
#define PY_1 SLOT_FUNCTION_TYPE_0 + 1
#define PY_2 SLOT_FUNCTION_TYPE_0 + 2
#define PY_3 SLOT_FUNCTION_TYPE_0 + 3
#define PY_VAR SLOT_FUNCTION_TYPE_VAR
#define PY_OBJECT(name, arity) &name##_object,
#define PY_ARITY(name, arity) arity,
#define PY_PLUS_ONE(name) +1

extern char image_start[], image_end[] __attribute__((visibility("hidden")));

/* The module: what the loader calls at offset 0. `start` is called first; then the functions are
   made known (arity PY_0 to PY_3, or PY_VAR), and the constants as 0, 1, 2, ...
   On a board the image lies in the garbage-collected heap, and function objects that point into
   its middle do not keep it alive: `_image`, a view of its first byte, does. */
#define PY_MODULE(name, functions, constants, start)                                               \
    __attribute__((section(".text.entry"), visibility("default"))) py_obj                          \
    entry(const void *self, size_t count, size_t keywords, const py_obj *arguments)                \
    {                                                                                              \
        /* Tables and loops, because a call for each name takes three times as much. */            \
        static void *const objects[] = {functions(PY_OBJECT)};                                     \
        static const uint8_t type_slots[] = {functions(PY_ARITY)};                                 \
        const unsigned functions_count = sizeof objects / sizeof objects[0];                       \
        const int constants_count = 0 constants(PY_PLUS_ONE);                                      \
        (void)count, (void)keywords, (void)arguments;                                              \
        start();                                                                                   \
        void *globals = py_enter_module(self);                                                     \
        for (unsigned i = 0; i < functions_count; i++) {                                           \
            py_export(NAME__image + 1 + i, objects[i], type_slots[i]);                             \
        }                                                                                          \
        for (int i = 0; i < constants_count; i++) {                                                \
            py_store_global(NAME__image + 1 + functions_count + (unsigned)i, py_small_int(i));     \
        }                                                                                          \
        py_store_global(NAME__image, py_new_view(image_start, (size_t)(image_end - image_start))); \
        py_leave_module(globals);                                                                  \
        return py_none();                                                                          \
    }

#endif
