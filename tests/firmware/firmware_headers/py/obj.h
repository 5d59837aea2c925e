/* The part of MicroPython's C interface that firmware/mpy/firmware.h uses, as its documentation of
 * user C modules and its headers declare it: enough to compile latentcore.c as such a module where
 * MicroPython's source is not to be had. Declarations only; nothing here runs.
 */
#ifndef STAND_IN_OBJ_H
#define STAND_IN_OBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *mp_obj_t;
typedef const void *mp_const_obj_t;
typedef mp_const_obj_t mp_rom_obj_t;
typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;

typedef struct _mp_obj_type_t mp_obj_type_t;
typedef struct { const mp_obj_type_t *type; } mp_obj_base_t;
typedef struct { mp_rom_obj_t key, value; } mp_rom_map_elem_t;
typedef struct { mp_obj_base_t base; size_t used; const mp_rom_map_elem_t *table; } mp_obj_dict_t;
typedef struct { mp_obj_base_t base; mp_obj_dict_t *globals; } mp_obj_module_t;
typedef struct { void *buf; size_t len; int typecode; } mp_buffer_info_t;

typedef struct {
    mp_obj_base_t base;
    union {
        mp_obj_t (*_0)(void);
        mp_obj_t (*_1)(mp_obj_t);
        mp_obj_t (*_2)(mp_obj_t, mp_obj_t);
        mp_obj_t (*_3)(mp_obj_t, mp_obj_t, mp_obj_t);
    } fun;
} mp_obj_fun_builtin_fixed_t;

typedef struct {
    mp_obj_base_t base;
    uint32_t sig;
    mp_obj_t (*fun)(size_t, const mp_obj_t *);
} mp_obj_fun_builtin_var_t;

extern const mp_obj_type_t *const stand_in_type;
extern const struct _mp_obj_none_t { mp_obj_base_t base; } mp_const_none_obj;
#define mp_const_none ((mp_obj_t)&mp_const_none_obj)

#define MP_DEFINE_CONST_FUN_OBJ_0(obj, f) const mp_obj_fun_builtin_fixed_t obj = {{0}, {._0 = f}}
#define MP_DEFINE_CONST_FUN_OBJ_1(obj, f) const mp_obj_fun_builtin_fixed_t obj = {{0}, {._1 = f}}
#define MP_DEFINE_CONST_FUN_OBJ_2(obj, f) const mp_obj_fun_builtin_fixed_t obj = {{0}, {._2 = f}}
#define MP_DEFINE_CONST_FUN_OBJ_3(obj, f) const mp_obj_fun_builtin_fixed_t obj = {{0}, {._3 = f}}
#define MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(obj, least, most, f)                                   \
    const mp_obj_fun_builtin_var_t obj = {{0}, (least) << 17 | (most) << 1, f}
#define MP_DEFINE_CONST_DICT(name, elements)                                                       \
    const mp_obj_dict_t name = {{0}, sizeof elements / sizeof elements[0], elements}
#define MP_ROM_QSTR(q) ((mp_rom_obj_t)((q) << 3 | 2))
#define MP_ROM_PTR(p) (p)
#define MP_ROM_INT(i) ((mp_rom_obj_t)(((mp_uint_t)(i) << 1) | 1))
#define MP_OBJ_NEW_SMALL_INT(i) ((mp_obj_t)((((mp_uint_t)(i)) << 1) | 1))

enum { MP_BUFFER_READ = 1, MP_BUFFER_WRITE = 2 };

mp_obj_t mp_obj_new_bool(mp_int_t value);
mp_int_t mp_obj_get_int_truncated(mp_const_obj_t object);
float mp_obj_get_float_to_f(mp_obj_t object);
mp_obj_t mp_obj_new_float_from_f(float value);
mp_obj_t mp_obj_new_tuple(size_t n, const mp_obj_t *items);
mp_obj_t mp_obj_new_str(const char *data, size_t len);
mp_obj_t mp_obj_new_bytes(const uint8_t *data, size_t len);
void mp_get_buffer_raise(mp_obj_t object, mp_buffer_info_t *info, mp_uint_t flags);

extern const mp_obj_type_t mp_type_ValueError, mp_type_module;

#endif
