/* See obj.h. */
#ifndef STAND_IN_RUNTIME_H
#define STAND_IN_RUNTIME_H

#include "py/obj.h"

struct _mp_obj_type_t { mp_obj_base_t base; };

#define MP_ERROR_TEXT(text) (text)
#define MP_REGISTER_MODULE(name, module) const void *registered(void) { return &module; }

__attribute__((noreturn)) void mp_raise_msg_varg(const mp_obj_type_t *type, const char *format, ...);

#endif
