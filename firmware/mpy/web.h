/* MicroPython for a module in a web page: what native.h offers to latentcore.c and to the board.
 *
 * MicroPython is there a program of WebAssembly of its own, whose functions cannot be called from
 * here. Its memory is shared, though: what `py_buffer` returns are the bytes of the Python object.
 * Each call comes from rom/native.py by way of page.c, which puts the arguments into `values` and
 * reads the result from there. A `py_obj` is the address of such a value, or, for an object that
 * only Python can use, a number that Python has given it (OBJECT), or a function of C (NATIVE).
 */
#ifndef LATENTRACK_WEB_H
#define LATENTRACK_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef const void *py_obj;

struct py_buffer {
    void *data;
    size_t size;
    int typecode;
};

enum { BUFFER_READ = 1, BUFFER_WRITE = 2 };

/* What a value is; rom/native.py has the same numbers. */
enum value_kind {
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_TEXT,   /* read-only bytes: str and bytes */
    VALUE_BUFFER, /* array, bytearray, memoryview */
    VALUE_TUPLE,
    VALUE_BYTES,
    VALUE_ERROR,
    VALUE_OBJECT,
    VALUE_NATIVE,
};

/* `word` is an int cut to 32 bits (`size` is not 0 if it is signed); the address of text, of a
   buffer, of a tuple's items; the number of an object or of a function. `number` is the value of an
   int or a float, `size` the length in bytes or items, `typecode` that of an array. */
struct value {
    uint32_t kind, word, size, typecode;
    float number;
};

/* These are page.c's. `py_raise` does not return: JavaScript throws. */
py_obj new_value(struct value value);
__attribute__((noreturn)) void raise_error(const char *type, const char *text);
py_obj py_new_tuple(size_t count, const py_obj *items);
uintptr_t py_uint(py_obj object);
float py_float(py_obj object);
struct py_buffer py_buffer(py_obj object, uintptr_t flags);

/* Calls a Python function of one argument; both are objects. */
void call_python(py_obj function, py_obj argument);

#define OBJECT_TAG 0xC0000000u
#define NATIVE_TAG 0x80000000u /* above all addresses */

static inline py_obj py_none(void)
{
    static const struct value none = {VALUE_NONE, 0, 0, 0, 0};
    return &none;
}

static inline py_obj py_bool(bool value)
{
    return new_value((struct value){VALUE_BOOL, value, 0, 0, value});
}

static inline py_obj py_small_int(intptr_t value)
{
    return new_value((struct value){VALUE_INT, (uint32_t)value, 1, 0, (float)value});
}

static inline py_obj py_new_uint(uintptr_t value)
{
    return new_value((struct value){VALUE_INT, (uint32_t)value, 0, 0, (float)value});
}

static inline intptr_t py_int(py_obj object)
{
    return (intptr_t)py_uint(object);
}

static inline bool py_is_true(py_obj object)
{
    return py_uint(object) != 0;
}

static inline py_obj py_new_str(const char *text, size_t length)
{
    return new_value((struct value){VALUE_TEXT, (uint32_t)(uintptr_t)text, length, 0, 0});
}

static inline py_obj py_new_bytes(const void *data, size_t length)
{
    return new_value((struct value){VALUE_BYTES, (uint32_t)(uintptr_t)data, length, 0, 0});
}

static inline void py_call(py_obj function, size_t count, const py_obj *arguments)
{
    (void)count;
    call_python(function, arguments[0]);
}

#define py_raise(type, text) raise_error(type, text)
#define NAME_ValueError "ValueError"
#define NAME_RuntimeError "RuntimeError"
#define NAME_OSError "OSError"
#define NAME_TypeError "TypeError"

/* A function, and how many arguments it takes; `many`: they come as count and array. */
struct web_function {
    void *function;
    uint8_t least, most, many;
};

#define PY_FUNCTION_0(name) static const struct web_function name##_object = {(void *)name, 0, 0, 0}
#define PY_FUNCTION_1(name) static const struct web_function name##_object = {(void *)name, 1, 1, 0}
#define PY_FUNCTION_2(name) static const struct web_function name##_object = {(void *)name, 2, 2, 0}
#define PY_FUNCTION_3(name) static const struct web_function name##_object = {(void *)name, 3, 3, 0}
#define PY_FUNCTION_VAR(name, least, most)                                                         \
    static const struct web_function name##_object = {(void *)name, least, most, 1}

/* A module: the names of its functions, then of its constants 0, 1, 2, ..., each ended by a 0. */
struct web_module {
    const char *names;
    const struct web_function *const *functions;
    uint32_t functions_count, constants_count;
    void (*start)(void);
};

#define PY_NAMES(file, functions, constants, exceptions)                                           \
    static const char py_names[] = functions(PY_FUNCTION_TEXT) constants(PY_TEXT)
#define PY_TEXT(name) #name "\0"
#define PY_FUNCTION_TEXT(name, arity) PY_TEXT(name)
#define PY_OBJECT(name, arity) &name##_object,
#define PY_PLUS_ONE(name) +1

#define PY_MODULE(name, functions, constants, start)                                               \
    static const struct web_function *const web_functions[] = {functions(PY_OBJECT)};              \
    const struct web_module name##_module = {                                                      \
        py_names,                                                                                  \
        web_functions,                                                                             \
        sizeof web_functions / sizeof web_functions[0],                                            \
        0 constants(PY_PLUS_ONE),                                                                  \
        start,                                                                                     \
    };

#endif
