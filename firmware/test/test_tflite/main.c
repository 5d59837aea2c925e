/* The decoder library by itself: what it refuses, and that its parts agree with plain arithmetic. */
#include "check.h"
#include "tflite.h"

static struct tflite_decoder decoder;

static void refuses_what_is_no_model(void)
{
    static const uint32_t text[4] = {0x6c6c6568, 0x6f77206f, 0x00646c72, 0};

    CHECK(tflite_load(&decoder, text, sizeof text) != NULL);
    CHECK(tflite_load(&decoder, text, 0) != NULL);
}

int main(void)
{
    RUN(refuses_what_is_no_model);
    return check_result();
}
