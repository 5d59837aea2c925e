/* A model of a chip for test_bus.py: it logs every access and answers reads.
 *
 * bus() -> the address of its struct reg_bus; log() -> what happened, three words each: kind (0
 * read, 1 write, 2 trace), address or track, value or step. answer(address, value): from now on
 * reads of that register give the value, or with None the number of things that happened before; of
 * all others 0.
 */
#include "native.h"
#include "registers.h"

#define FUNCTIONS(X) X(bus, PY_0) X(log, PY_0) X(answer, PY_2)
#define NOTHING(X)

PY_NAMES("chip.c", FUNCTIONS, NOTHING, NOTHING);

#define HAPPENED 0xFFFFFFFF
static uint32_t words[3 * 1024], used, known[16][2], knows;

static void note(uint32_t kind, uint32_t where, uint32_t what)
{
    if (used + 3 <= sizeof words / sizeof words[0]) {
        words[used++] = kind;
        words[used++] = where;
        words[used++] = what;
    }
}

static uint32_t read(uint32_t address)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < knows; i++) {
        value = known[i][0] != address ? value : known[i][1] == HAPPENED ? used / 3 : known[i][1];
    }
    note(0, address, value);
    return value;
}

static void write(uint32_t address, uint32_t value)
{
    note(1, address, value);
}

static void trace(uint32_t track, uint32_t step)
{
    note(2, track, step);
}

static struct reg_bus model;

static py_obj bus(void)
{
    return py_small_int((intptr_t)&model);
}
PY_FUNCTION_0(bus);

static py_obj answer(py_obj address, py_obj value)
{
    uint32_t where = (uint32_t)py_uint(address), i = 0;
    while (i < knows && known[i][0] != where) {
        i++;
    }
    if (i < sizeof known / sizeof known[0]) {
        known[i][0] = where;
        known[i][1] = value == py_none() ? HAPPENED : (uint32_t)py_uint(value);
        knows += i == knows;
    }
    return py_none();
}
PY_FUNCTION_2(answer);

static py_obj log(void)
{
    return py_new_bytes(words, used * sizeof words[0]);
}
PY_FUNCTION_0(log);

static void start(void)
{
    model = (struct reg_bus){read, write, trace, 0};
}

PY_MODULE(chip, FUNCTIONS, NOTHING, start)
