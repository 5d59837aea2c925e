/* Reads a dense decoder from a .tflite file, where the file lies, and runs it.
 *
 * No heap, no libc but memcpy and memset, no global state: a decoder is plain data full of pointers
 * into the file, and whoever runs it brings a workspace. After a good load the decoder is only
 * read, so the interpreter and the clock interrupt may run it at once with a workspace each.
 *
 *     latents -> tflite_hidden -> workspace -> tflite_scores -> scores -> gates (score > cutoff)
 *                                           -> tflite_value -> velocity and timing of a cell
 *
 * The layers are a tree: each reads the latents or another layer's output. Those that no layer
 * reads are the outputs': one (hits), or three (hits, velocity and timing; has_feel). They are
 * computed row by row on demand, so that one step of a pattern costs its own rows only. Of the hits
 * come scores: the values of the last dense layer, before the sigmoid. As a sigmoid never falls, a
 * threshold on the probability is a cut-off on the score (tflite_cutoff).
 */
#ifndef TFLITE_H
#define TFLITE_H

#include <stdbool.h>
#include <stdint.h>

#define TFLITE_MAX_LATENTS 8
#define TFLITE_MAX_DENSE 8 /* dense layers */
#define TFLITE_MAX_MAPS 12 /* element by element operators: LOGISTIC, QUANTIZE, ... */
#define TFLITE_MAX_GROUPS 255
#define TFLITE_MAX_FEEL 2 /* latents of the feel alone */

/* What a model puts out for each cell: the probability of a hit, its velocity (0 to 1), and its
 * timing (-1 to 1, in half steps, + is late). */
enum tflite_output { TFLITE_HITS, TFLITE_VELOCITY, TFLITE_TIMING, TFLITE_OUTPUTS };

/* How the numbers of a tensor are written. */
enum tflite_number { TFLITE_NONE, TFLITE_F32, TFLITE_F16, TFLITE_I8, TFLITE_I32 };

/* An int8 value q stands for (q - zero) * scale; a float tensor has scale 0. */
struct tflite_quant {
    float scale;
    int32_t zero;
};

/* rows x cols weights, row by row; one row makes one output. */
struct tflite_dense {
    const void *weights;
    const void *bias;
    const float *scales; /* of int8 weights: one, or one per row */
    uint16_t rows, cols;
    uint8_t weights_are, bias_are; /* enum tflite_number */
    uint8_t per_row;               /* 1: scales holds one per row, 0: one for all */
    uint8_t from;                  /* 0: it reads the latents, n: the output of layer n - 1 */
    struct tflite_quant in, out;   /* scale 0: float */
    float low, high;               /* the fused activation as a range, in the units of the output */
    uint32_t room; /* where in a workspace its output lies; TFLITE_NO_ROOM: an output's layer */
};
#define TFLITE_NO_ROOM UINT32_MAX

/* One operator that treats every element alike. */
struct tflite_map {
    uint8_t op;                  /* the file format's number of the operator */
    uint8_t of;                  /* 0: it changes the latents, n: the output of layer n - 1 */
    struct tflite_quant in, out; /* scale 0: float */
};

struct tflite_decoder {
    uint8_t latents; /* 1 to TFLITE_MAX_LATENTS */
    uint8_t dense;   /* how many of layer[] are used, at least 1 */
    uint8_t maps;    /* how many of map[] are used */
    uint8_t feel;    /* how many of the latents, the last ones, only the feel depends on */
    bool has_feel;   /* it has velocity and timing, too */
    uint8_t last[TFLITE_OUTPUTS]; /* the layer of each output */
    uint32_t outputs;             /* cells of the whole pattern: step * voices + voice */

    /* From the metadata; zeros when has_metadata is false. Then outputs == steps * voices. */
    bool has_metadata;
    char kind[7]; /* "perdec" percussion, "seqdec" notes, or another maker's six characters */
    uint8_t steps;
    uint8_t voices;
    uint8_t latent_scale;                  /* latents run from -latent_scale to +latent_scale */
    uint8_t groups;                        /* "perdec" only: runs of consecutive voices ... */
    uint8_t group_size[TFLITE_MAX_GROUPS]; /* ... and how long each is; together they are voices */
    const uint8_t *trailing;               /* the bytes after the latent scale; not of "perdec" */
    uint32_t trailing_size;

    struct tflite_quant in; /* of the latents */
    struct tflite_dense layer[TFLITE_MAX_DENSE];
    struct tflite_map map[TFLITE_MAX_MAPS];
    uint32_t workspace;       /* bytes of one */
    uint32_t room, room_size; /* see tflite_room */
    char message[112];        /* what tflite_load found wrong */
};

/* Reads and validates the whole file; the file must stay where it is, unchanged, as long as the
 * decoder is used, at an address divisible by 4. Returns NULL when all is well, else one line of
 * words that says what is wrong ("operator SOFTMAX is not supported"), kept in the decoder. */
const char *tflite_load(struct tflite_decoder *decoder, const void *file, uint32_t size);

/* Bytes that one user of the decoder needs, a multiple of 8. Align the workspace to 8. */
uint32_t tflite_workspace(const struct tflite_decoder *decoder);

/* Where in a workspace tflite_hidden leaves room, for scores if they fit: the offset in bytes, a
 * multiple of 4. How many bytes there are goes to `size`; it may be 0. */
uint32_t tflite_room(const struct tflite_decoder *decoder, uint32_t *size);

/* Runs everything before the outputs' layers; latents holds decoder->latents floats. */
void tflite_hidden(const struct tflite_decoder *decoder, const float *latents, void *workspace);

/* The scores of the cells first to first + count - 1 from what tflite_hidden left in the
 * workspace: of a float decoder the logits, of an int8 decoder the quantised logits as floats.
 * Cells beyond the last are not computed. */
void tflite_scores(const struct tflite_decoder *decoder, const void *workspace, unsigned first,
                   unsigned count, float *scores);

/* The greatest score whose probability is not above the threshold, so that
 *     score > cutoff  exactly when  tflite_probability(score) > threshold.
 * -INFINITY when every probability is above it, +INFINITY when none is. Costs some 32
 * probabilities: keep it while the threshold stays. */
float tflite_cutoff(const struct tflite_decoder *decoder, float threshold);

/* What the model's own output would be for this score, as a float. Never falls as score rises. */
float tflite_probability(const struct tflite_decoder *decoder, float score);

/* One of the model's own outputs for one cell, as a float, from what tflite_hidden left in the
 * workspace. TFLITE_VELOCITY and TFLITE_TIMING only if it has_feel. */
float tflite_value(const struct tflite_decoder *decoder, const void *workspace,
                   enum tflite_output output, unsigned cell);

#endif
