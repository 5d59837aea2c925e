/* The calls between Python and C in a web page.
 *
 * rom/native.py writes the arguments of a call into `arguments`, has JavaScript call `call`, and
 * reads what comes of it from `results`: first the result itself, then the items of a tuple. An
 * error is a result, too: `raise_error` writes it, and JavaScript throws through all that runs.
 */
#include "web.h"

enum { MOST_ARGUMENTS = 8, MOST_RESULTS = 24 };

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("page"), import_name(name)))

IMPORT("stop") __attribute__((noreturn)) void page_stop(void);
IMPORT("python") void page_python(uint32_t function, uint32_t argument);

extern const struct web_module latentcore_module, virtualboard_module;

static struct value arguments[MOST_ARGUMENTS];
static struct value results[MOST_RESULTS];
static uint32_t results_count;

static const struct web_module *module_of(uint32_t number)
{
    return number ? &virtualboard_module : &latentcore_module;
}

EXPORT("arguments_at") const void *arguments_at(void)
{
    return arguments;
}

EXPORT("results_at") const void *results_at(void)
{
    return results;
}

/* The modules are numbered: 0 latentcore, 1 virtualboard. */
EXPORT("names") const char *names(uint32_t module)
{
    return module_of(module)->names;
}

EXPORT("functions") uint32_t functions(uint32_t module)
{
    return module_of(module)->functions_count;
}

EXPORT("constants") uint32_t constants(uint32_t module)
{
    return module_of(module)->constants_count;
}

EXPORT("start") void start(uint32_t module)
{
    module_of(module)->start();
}

py_obj new_value(struct value value)
{
    if (results_count == MOST_RESULTS) {
        __builtin_trap();
    }
    results[results_count] = value;
    return &results[results_count++];
}

/* The items are the values made last, in their order or not; they are copied behind each other. */
py_obj py_new_tuple(size_t count, const py_obj *items)
{
    struct value copy[MOST_RESULTS];
    for (size_t i = 0; i < count; i++) {
        copy[i] = *(const struct value *)items[i];
    }
    results_count = 1;
    for (size_t i = 0; i < count; i++) {
        new_value(copy[i]);
    }
    results[0] = (struct value){VALUE_TUPLE, (uint32_t)(uintptr_t)&results[1], count, 0, 0};
    return &results[0];
}

void raise_error(const char *type, const char *text)
{
    uint32_t length = 0;
    while (text[length] != 0) {
        length++;
    }
    results[0] = (struct value){VALUE_ERROR, (uint32_t)(uintptr_t)text, length,
                                (uint32_t)(uintptr_t)type, 0};
    page_stop();
}

void call_python(py_obj function, py_obj argument)
{
    page_python((uint32_t)(uintptr_t)function & ~OBJECT_TAG,
                (uint32_t)(uintptr_t)argument & ~OBJECT_TAG);
}

static const struct value *number_of(py_obj object)
{
    const struct value *value = object;
    if ((uintptr_t)object >= NATIVE_TAG || value->kind < VALUE_BOOL || value->kind > VALUE_FLOAT) {
        raise_error(NAME_TypeError, "can't convert to int");
    }
    return value;
}

uintptr_t py_uint(py_obj object)
{
    return number_of(object)->word;
}

float py_float(py_obj object)
{
    return number_of(object)->number;
}

struct py_buffer py_buffer(py_obj object, uintptr_t flags)
{
    const struct value *value = object;
    if ((uintptr_t)object >= NATIVE_TAG ||
        (value->kind != VALUE_BUFFER && (value->kind != VALUE_TEXT || flags == BUFFER_WRITE))) {
        raise_error(NAME_TypeError, "object with buffer protocol required");
    }
    return (struct py_buffer){(void *)(uintptr_t)value->word, value->size, (int)value->typecode};
}

/* Where MicroPython keeps the kind of an array's items: in the byte behind its type, whose highest
   bit says that a memoryview may be written to. */
enum { ARRAY_TYPECODE = 4, WRITEABLE_VIEW = 0x80 };

static uint32_t item_size(uint32_t typecode)
{
    switch (typecode) {
    case 'h':
    case 'H':
        return 2;
    case 'i':
    case 'I':
    case 'l':
    case 'L':
    case 'f':
    case 'O':
        return 4;
    case 'q':
    case 'Q':
    case 'd':
        return 8;
    default:
        return 1;
    }
}

/* A buffer comes with the object's address in `typecode`, and its items are counted. */
static void complete_buffer(struct value *value)
{
    uint32_t typecode = ((const uint8_t *)(uintptr_t)value->typecode)[ARRAY_TYPECODE];
    value->typecode = typecode & ~(uint32_t)WRITEABLE_VIEW;
    value->size *= item_size(value->typecode);
}

/* Calls a function of a module with the first `count` arguments; returns the kind of the result,
   which is results[0]. */
EXPORT("call") uint32_t call(uint32_t module, uint32_t index, uint32_t count)
{
    const struct web_function *called = module_of(module)->functions[index];
    py_obj given[MOST_ARGUMENTS];
    results_count = 1;
    if (count < called->least || count > called->most) {
        raise_error(NAME_TypeError, "function takes another number of arguments");
    }
    for (uint32_t i = 0; i < count; i++) {
        struct value *value = &arguments[i];
        given[i] = value;
        if (value->kind == VALUE_BUFFER) {
            complete_buffer(value);
        } else if (value->kind == VALUE_OBJECT) {
            given[i] = (py_obj)(uintptr_t)(OBJECT_TAG | value->word);
        } else if (value->kind == VALUE_NATIVE) {
            given[i] = (py_obj)(uintptr_t)(NATIVE_TAG | value->word);
        } else if (value->kind == VALUE_NONE) {
            given[i] = py_none();
        }
    }
    py_obj result;
    if (called->many) {
        result = ((py_obj (*)(size_t, const py_obj *))called->function)(count, given);
    } else if (count == 0) {
        result = ((py_obj (*)(void))called->function)();
    } else if (count == 1) {
        result = ((py_obj (*)(py_obj))called->function)(given[0]);
    } else if (count == 2) {
        result = ((py_obj (*)(py_obj, py_obj))called->function)(given[0], given[1]);
    } else {
        result =
            ((py_obj (*)(py_obj, py_obj, py_obj))called->function)(given[0], given[1], given[2]);
    }
    results[0] = *(const struct value *)result;
    return results[0].kind;
}

/* A native function is `module << 8 | index`. */
py_obj (*native_function(py_obj object))(py_obj)
{
    uint32_t number = (uint32_t)(uintptr_t)object;
    if (number < NATIVE_TAG || number >= OBJECT_TAG) {
        return NULL;
    }
    number &= ~NATIVE_TAG;
    const struct web_module *module = module_of(number >> 8);
    const struct web_function *function = module->functions[number & 0xFF];
    bool takes_one = function->least == 1 && function->most == 1 && !function->many;
    return takes_one ? (py_obj (*)(py_obj))function->function : NULL;
}
