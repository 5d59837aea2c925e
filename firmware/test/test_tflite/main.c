/* The decoder library by itself: its fast loops against their plain twins, bit for bit, its cut-off
 * against its probability, and a network small enough to work out by hand.
 *
 * The same tests run here and on the emulated Cortex-M7, where the twins differ.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "dense.h"
#include "dot.h"
#include "flatbuffer.h"
#include "operators.h"
#include "tflite.h"

enum { FOURS = 3, ROWS = 4 * FOURS, MAX_COLS = 41 };

static uint32_t state = 1;

static uint32_t random_bits(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static float random_float(void)
{
    return (float)(int32_t)(random_bits() - (1u << 23)) * 0x1p-21f;
}

/* Any finite half, subnormal ones often. */
static uint16_t random_half(void)
{
    uint16_t half = (uint16_t)random_bits();

    return random_bits() % 4 == 0 ? half & 0x83ff : half & 0xbfff;
}

static int same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void rows_of_floats_in_fours_equal_one_row_each(void)
{
    static float weights[ROWS * MAX_COLS], input[MAX_COLS];

    for (uint32_t cols = 1; cols <= MAX_COLS; cols++) {
        float sums[ROWS + 1], bias[ROWS];

        for (unsigned i = 0; i < ROWS * cols; i++) {
            weights[i] = random_float();
        }
        for (unsigned i = 0; i < cols; i++) {
            input[i] = random_float();
        }
        for (unsigned i = 0; i < ROWS; i++) {
            bias[i] = random_float();
        }
        sums[ROWS] = 99;
        fours_f32(weights, input, cols, bias, sums, FOURS);
        for (unsigned i = 0; i < ROWS; i++) {
            CHECK(same_bits(sums[i], dot_f32(weights + i * cols, input, cols, bias[i])));
        }
        CHECK(sums[ROWS] == 99);
        fours_f32(weights, input, cols, bias, bias, FOURS);
        CHECK(memcmp(bias, sums, sizeof bias) == 0);
    }
}

static void rows_of_halves_in_fours_equal_one_row_each(void)
{
    static uint16_t weights[2 * ROWS * MAX_COLS + 1];
    static float input[MAX_COLS];

    for (uint32_t cols = 1; cols <= MAX_COLS; cols++) {
        uint32_t step = cols % 2 + 1;

        for (unsigned start = 0; start < 2; start++) { /* on a word, and between two */
            float sums[2 * ROWS], bias[2 * ROWS];

            for (unsigned i = 0; i < sizeof weights / sizeof *weights; i++) {
                weights[i] = random_half();
            }
            for (unsigned i = 0; i < cols; i++) {
                input[i] = random_float();
            }
            for (unsigned i = 0; i < 2 * ROWS; i++) {
                sums[i] = bias[i] = random_float();
            }
            fours_f16(weights + start, input, cols, bias, sums, FOURS, step);
            for (unsigned i = 0; i < 2 * ROWS; i++) {
                CHECK(same_bits(sums[i],
                                i % step == 0 && i < ROWS * step
                                    ? dot_f16(weights + start + i * cols, input, cols, bias[i])
                                    : bias[i]));
            }
        }
    }
}

static void rows_of_bytes_in_fours_equal_one_row_each(void)
{
    static int8_t weights[ROWS * MAX_COLS + 3];
    static int16_t input[MAX_COLS] __attribute__((aligned(8)));

    for (uint32_t cols = 1; cols <= MAX_COLS; cols++) {
        for (unsigned start = 0; start < 4; start++) {
            int32_t sums[ROWS + 1], bias[ROWS];

            for (unsigned i = 0; i < sizeof weights; i++) {
                weights[i] = (int8_t)random_bits();
            }
            for (unsigned i = 0; i < cols; i++) {
                input[i] = (int16_t)((int)(random_bits() % 511) - 255);
            }
            for (unsigned i = 0; i < ROWS; i++) {
                bias[i] = (int32_t)random_bits();
            }
            sums[ROWS] = 99;
            fours_i8(weights + start, input, cols, bias, sums, FOURS);
            for (unsigned i = 0; i < ROWS; i++) {
                CHECK(sums[i] == dot_i8(weights + start + i * cols, input, cols, bias[i]));
            }
            CHECK(sums[ROWS] == 99);
        }
    }
}

static void four_hybrid_rows_equal_one_row_each(void)
{
    static int8_t weights[4 * MAX_COLS];
    static float input[MAX_COLS];

    for (uint32_t cols = 1; cols <= MAX_COLS; cols++) {
        float scales[4], bias[4], sums[4];

        for (unsigned i = 0; i < 4 * cols; i++) {
            weights[i] = (int8_t)random_bits();
        }
        for (unsigned i = 0; i < cols; i++) {
            input[i] = random_float();
        }
        for (unsigned i = 0; i < 4; i++) {
            scales[i] = random_float() * 0.01f;
            bias[i] = random_float();
        }
        four_hybrid(weights, scales, input, cols, bias, sums);
        for (unsigned i = 0; i < 4; i++) {
            CHECK(same_bits(sums[i],
                            dot_hybrid(weights + i * cols, scales[i], input, cols, bias[i])));
        }
    }
}

static void sums_of_bytes_may_wrap(void)
{
    static const int8_t weights[4] = {1, 1, 1, 1};
    static const int16_t input[1] = {1};
    int32_t sums[4] = {INT32_MAX, INT32_MAX, INT32_MIN, -1};

    CHECK(dot_i8(weights, input, 1, INT32_MAX) == INT32_MIN);
    fours_i8(weights, input, 1, sums, sums, 1);
    CHECK(sums[0] == INT32_MIN && sums[1] == INT32_MIN && sums[3] == 0);
}

static void places_of_inputs_are_a_permutation(void)
{
    for (uint32_t cols = 1; cols <= MAX_COLS; cols++) {
        uint64_t seen = 0;

        for (uint32_t i = 0; i < cols; i++) {
            seen |= UINT64_C(1) << int8_index(i, cols);
        }
        CHECK(seen == (UINT64_C(1) << cols) - 1);
    }
}

static void every_half_is_the_number_it_stands_for(void)
{
    for (uint32_t half = 0; half < 0x10000; half++) {
        int exponent = (int)(half >> 10 & 31), fraction = (int)(half & 1023);
        float size = exponent ? ldexpf((float)(1024 + fraction), exponent - 25)
                              : ldexpf((float)fraction, -24);
        float value = half_to_float((uint16_t)half);

        float plain = half_to_float_plain((uint16_t)half);

        if (exponent == 31 && fraction) {
            CHECK(value != value && plain != plain);
        } else if (exponent == 31) {
            CHECK(value == (half >> 15 ? -INFINITY : INFINITY) && plain == value);
        } else {
            CHECK(same_bits(value, half >> 15 ? -size : size) && same_bits(plain, value));
        }
    }
}

/* A decoder made by hand: `rows` outputs from three latents, then a sigmoid. */
static void one_layer(struct tflite_decoder *decoder, const float *weights, const float *bias,
                      uint16_t rows)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->latents = 3;
    decoder->dense = decoder->maps = decoder->map[0].of = 1;
    decoder->outputs = rows;
    decoder->layer[0].weights = weights;
    decoder->layer[0].bias = bias;
    decoder->layer[0].rows = rows;
    decoder->layer[0].cols = 3;
    decoder->layer[0].weights_are = decoder->layer[0].bias_are = TFLITE_F32;
    decoder->layer[0].low = -INFINITY;
    decoder->layer[0].high = INFINITY;
    decoder->map[0].op = OP_LOGISTIC;
    decoder->layer[0].room = TFLITE_NO_ROOM;
    decoder->workspace = 16;
}

static const float WEIGHTS[5 * 3] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, -2, 0.5f, 4};
static const float BIAS[5] = {0.5f, 0, -1, 0, 0.25f};
static const float LATENTS[3] = {3, -2, 0.5f};
static const float SCORES[5] = {3.5f, -2, -0.5f, 1.5f, -4.75f}; /* worked out by hand */

static void scores_come_in_any_piece(void)
{
    static struct tflite_decoder decoder;
    uint64_t workspace[4];

    one_layer(&decoder, WEIGHTS, BIAS, 5);
    CHECK(tflite_workspace(&decoder) <= sizeof workspace);
    tflite_hidden(&decoder, LATENTS, workspace);
    for (unsigned first = 0; first < 6; first++) {
        for (unsigned count = 0; count < 7; count++) {
            float scores[8];

            for (unsigned i = 0; i < 8; i++) {
                scores[i] = 99;
            }
            tflite_scores(&decoder, workspace, first, count, scores);
            for (unsigned i = 0; i < 8; i++) {
                CHECK(scores[i] == (i < count && first + i < 5 ? SCORES[first + i] : 99));
            }
        }
    }
}

static void probability_is_the_sigmoid(void)
{
    static struct tflite_decoder decoder;

    one_layer(&decoder, WEIGHTS, BIAS, 5);
    for (float x = -100; x < 100; x += 0.037f) {
        double exact = 1 / (1 + exp(-(double)x));

        /* The double is good to some 1e-15, so only a tie may fall on the other side. */
        CHECK(fabs(tflite_probability(&decoder, x) - exact) <= exact * 0x1.0002p-24 + 0x1p-150);
    }
    CHECK(tflite_probability(&decoder, 0) == 0.5f);
    CHECK(tflite_probability(&decoder, INFINITY) == 1);
    CHECK(tflite_probability(&decoder, -INFINITY) == 0);
}

static void cutoff_is_the_last_score_not_above_the_threshold(void)
{
    static struct tflite_decoder decoder;

    one_layer(&decoder, WEIGHTS, BIAS, 5);
    for (unsigned i = 0; i < 500; i++) {
        float threshold = i == 0 ? 0.5f : (float)random_bits() * 0x1p-24f;
        float cutoff = tflite_cutoff(&decoder, threshold);

        CHECK(tflite_probability(&decoder, cutoff) <= threshold);
        CHECK(tflite_probability(&decoder, nextafterf(cutoff, INFINITY)) > threshold);
    }
    CHECK(tflite_cutoff(&decoder, -0.1f) == -INFINITY);
    CHECK(tflite_cutoff(&decoder, 1) == INFINITY);
    CHECK(tflite_cutoff(&decoder, 2) == INFINITY);
}

static void probability_never_falls(void)
{
    static struct tflite_decoder decoder;

    one_layer(&decoder, WEIGHTS, BIAS, 5);
    for (unsigned i = 0; i < 400; i++) {
        float x = random_float() * (i % 2 ? 4 : 0x1p-20f), last = 0;

        for (unsigned k = 0; k < 50; k++, x = nextafterf(x, INFINITY)) {
            float p = tflite_probability(&decoder, x);

            CHECK(p >= last);
            last = p;
        }
    }
}

static void tanh_is_good_to_half_a_unit(void)
{
    struct tflite_map map = {.op = OP_TANH};

    for (float x = -12; x < 12; x += 0.00073f) {
        double exact = tanh(x);

        CHECK(fabs(apply_map(&map, x) - exact) <= fabs(exact) * 0x1.0002p-24);
    }
}

static void quantising_takes_anything(void)
{
    struct tflite_quant quant = {0.5f, -3};

    CHECK(quantise(0.25f, quant) == -3); /* half to even: 0 */
    CHECK(quantise(0.75f, quant) == -1); /* half to even: 2 */
    CHECK(quantise(1e30f, quant) == 127 && quantise(INFINITY, quant) == 127);
    CHECK(quantise(-1e30f, quant) == -128 && quantise(-INFINITY, quant) == -128);
    CHECK(quantise(NAN, quant) == -128);
}

static void refuses_what_is_no_model(void)
{
    static struct tflite_decoder decoder;
    static const uint32_t text[4] = {0x6c6c6568, 0x6f77206f, 0x00646c72, 0};
    static const uint32_t lost[4] = {0x7fffffff, 0x334c4654, 0, 0};

    CHECK(strcmp(tflite_load(&decoder, text, sizeof text), "not a .tflite file") == 0);
    CHECK(strcmp(tflite_load(&decoder, text, 0), "not a .tflite file") == 0);
    CHECK(strncmp(tflite_load(&decoder, lost, sizeof lost), "cut short", 9) == 0);
    CHECK(tflite_load(&decoder, (const char *)lost + 2, 14) != NULL);
}

/* A table at 12 whose fields 0 and 1 lie at 16 and 20; its list of fields at 4. Field 1 points to a
 * vector of two words at 24. */
static const uint32_t TREE[] = {12, 0x000c0008, 0x00080004, 8, 7, 4, 2, 11, 22};

static struct flatbuffer tree_of(const uint32_t *words, uint32_t size)
{
    return (struct flatbuffer){(const uint8_t *)words, size, NULL};
}

static struct flatvector vector_of(struct flatbuffer *flat, uint32_t field)
{
    struct flatvector vector;

    flat_vector(flat, flat_root(flat), field, &vector);
    return vector;
}

static void reads_tables_and_vectors(void)
{
    struct flatbuffer flat = tree_of(TREE, sizeof TREE);
    uint32_t root = flat_root(&flat);
    struct flatvector vector = vector_of(&flat, FLAT_FIELD(1, 4));

    CHECK(root == 12 && flat_scalar(&flat, root, FLAT_FIELD(0, 4)) == 7);
    CHECK(flat_scalar(&flat, root, FLAT_FIELD(2, 4)) == 0);
    CHECK(vector.at == 28 && vector.count == 2 && flat_u32(&flat, vector.at + 4) == 22);
    CHECK(vector_of(&flat, FLAT_FIELD(2, 4)).count == 0 && flat.broken == NULL);
}

static void follows_no_offset_out_of_the_buffer(void)
{
    for (uint32_t size = 0; size < sizeof TREE; size++) {
        struct flatbuffer flat = tree_of(TREE, size);

        CHECK(vector_of(&flat, FLAT_FIELD(1, 4)).count == 0 && flat.broken != NULL);
    }
}

static void believes_no_length_that_wraps(void)
{
    for (uint32_t element = 2; element <= 8; element *= 2) {
        uint32_t words[sizeof TREE / sizeof *TREE];
        struct flatbuffer flat = tree_of(words, sizeof words);

        memcpy(words, TREE, sizeof words);
        words[6] = (uint32_t)((UINT64_C(1) << 32) / element) + 1;
        CHECK(vector_of(&flat, FLAT_FIELD(1, element)).count == 0 && flat.broken != NULL);
    }
}

static void no_place_wraps(void)
{
    struct flatbuffer flat = tree_of(TREE, sizeof TREE);

    CHECK(flat_holds(&flat, sizeof TREE, 0) && !flat.broken);
    CHECK(!flat_holds(&flat, UINT32_MAX - 3, 8) && flat.broken);
}

static void a_field_must_lie_in_the_buffer(void)
{
    uint32_t words[sizeof TREE / sizeof *TREE];
    struct flatbuffer flat = tree_of(words, sizeof words);

    memcpy(words, TREE, sizeof words);
    words[2] = 0xffff0004; /* field 1 lies 65535 bytes on */
    CHECK(flat_scalar(&flat, 12, FLAT_FIELD(0, 4)) == 7);
    CHECK(flat_scalar(&flat, 12, FLAT_FIELD(1, 4)) == 0 && flat.broken != NULL);
}

int main(void)
{
    RUN(rows_of_floats_in_fours_equal_one_row_each);
    RUN(rows_of_halves_in_fours_equal_one_row_each);
    RUN(rows_of_bytes_in_fours_equal_one_row_each);
    RUN(four_hybrid_rows_equal_one_row_each);
    RUN(sums_of_bytes_may_wrap);
    RUN(places_of_inputs_are_a_permutation);
    RUN(every_half_is_the_number_it_stands_for);
    RUN(scores_come_in_any_piece);
    RUN(probability_is_the_sigmoid);
    RUN(cutoff_is_the_last_score_not_above_the_threshold);
    RUN(probability_never_falls);
    RUN(tanh_is_good_to_half_a_unit);
    RUN(quantising_takes_anything);
    RUN(refuses_what_is_no_model);
    RUN(reads_tables_and_vectors);
    RUN(follows_no_offset_out_of_the_buffer);
    RUN(believes_no_length_that_wraps);
    RUN(no_place_wraps);
    RUN(a_field_must_lie_in_the_buffer);
    return check_result();
}
