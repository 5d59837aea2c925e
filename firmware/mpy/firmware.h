/* MicroPython for a module that is compiled into a firmware: what native.h offers to latentcore.c,
 * on top of MicroPython's own headers. See micropython.mk and micropython.cmake.
 */
#ifndef LATENTRACK_FIRMWARE_H
#define LATENTRACK_FIRMWARE_H

#include "py/obj.h"
#include "py/runtime.h"

typedef mp_obj_t py_obj;

struct py_buffer {
    void *data;
    size_t size;
    int typecode;
};

enum { BUFFER_READ = MP_BUFFER_READ, BUFFER_WRITE = MP_BUFFER_WRITE };

static inline py_obj py_none(void)
{
    return mp_const_none;
}
static inline py_obj py_bool(bool value)
{
    return mp_obj_new_bool(value);
}
static inline py_obj py_small_int(intptr_t value)
{
    return MP_OBJ_NEW_SMALL_INT(value);
}
static inline uintptr_t py_uint(py_obj object)
{
    return (uintptr_t)mp_obj_get_int_truncated(object);
}
static inline float py_float(py_obj object)
{
    return mp_obj_get_float_to_f(object);
}
static inline py_obj py_new_float(float value)
{
    return mp_obj_new_float_from_f(value);
}

static inline py_obj py_new_tuple(size_t count, const py_obj *items)
{
    return mp_obj_new_tuple(count, items);
}

static inline py_obj py_new_str(const char *text, size_t length)
{
    return mp_obj_new_str(text, length);
}

static inline py_obj py_new_bytes(const void *data, size_t length)
{
    return mp_obj_new_bytes(data, length);
}

static inline struct py_buffer py_buffer(py_obj object, mp_uint_t flags)
{
    mp_buffer_info_t info;
    mp_get_buffer_raise(object, &info, flags);
    return (struct py_buffer){info.buf, info.len, info.typecode};
}

#define py_raise(type, text) mp_raise_msg_varg(type, MP_ERROR_TEXT("%s"), text)
#define NAME_ValueError (&mp_type_ValueError)

/* The names are found by MicroPython's build, which looks for MP_QSTR_. */
#define PY_NAMES(file, functions, constants, exceptions) enum { constants(PY_NUMBER) }
#define PY_NUMBER(name) CONSTANT_##name,

#define PY_FUNCTION_0(name) static MP_DEFINE_CONST_FUN_OBJ_0(name##_object, name)
#define PY_FUNCTION_1(name) static MP_DEFINE_CONST_FUN_OBJ_1(name##_object, name)
#define PY_FUNCTION_2(name) static MP_DEFINE_CONST_FUN_OBJ_2(name##_object, name)
#define PY_FUNCTION_3(name) static MP_DEFINE_CONST_FUN_OBJ_3(name##_object, name)
#define PY_FUNCTION_VAR(name, least, most)                                                         \
    static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(name##_object, least, most, name)

#define PY_ENTRY(name, arity) {MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_PTR(&name##_object)},
#define PY_CONSTANT_ENTRY(name) {MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_INT(CONSTANT_##name)},

/* MicroPython calls a built-in module's __init__ when it is first imported. */
#define PY_MODULE(name, functions, constants, start)                                               \
    static mp_obj_t init(void)                                                                     \
    {                                                                                              \
        start();                                                                                   \
        return mp_const_none;                                                                      \
    }                                                                                              \
    static MP_DEFINE_CONST_FUN_OBJ_0(init_object, init);                                           \
    static const mp_rom_map_elem_t globals_table[] = {                                             \
        {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_##name)},                              \
        {MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&init_object)},                                 \
        functions(PY_ENTRY) constants(PY_CONSTANT_ENTRY)};                                         \
    static MP_DEFINE_CONST_DICT(globals_dict, globals_table);                                      \
    const mp_obj_module_t name##_module = {                                                        \
        .base = {&mp_type_module},                                                                 \
        .globals = (mp_obj_dict_t *)&globals_dict,                                                 \
    };                                                                                             \
    MP_REGISTER_MODULE(MP_QSTR_##name, name##_module);

#endif
