/* silif: spiking keyword networks in integers. The C interface to engine, front end and detector.
 *
 * One engine listens with one model. It lives in memory that the caller gives and owns; nothing here allocates, locks,
 * reads a clock or computes in floating point. All results are the same bits on every machine.
 *
 *     static _Alignas(SILIF_MEMORY_ALIGNMENT) uint8_t memory[25000];
 *
 *     silif_engine *engine;
 *     silif_failure failure;
 *     if (silif_open(model, model_bytes, memory, sizeof memory, &engine, &failure) != SILIF_OK) ...
 *     while (count > 0) {                              // samples: 16 bit, mono, at the model's rate
 *       size_t used;
 *       silif_event event;
 *       if (silif_push_samples(engine, samples, count, &used, &event) != SILIF_OK) ...
 *       samples += used, count -= used;                // call again until the block is used up
 *       if (event.word >= 0) ...                       // a word was heard
 *     }
 *
 * Two engines may run at the same time in memory of their own, also with the same model. One engine must not be used by
 * two threads, or from an interrupt, at the same time.
 *
 * The model (a .silif file, docs/MODEL-FORMAT.md) is used where it lies, in flash or in a memory map. It must start at a
 * multiple of SILIF_MODEL_ALIGNMENT, and must neither change nor go away while an engine uses it. It is checked as a
 * whole when it is opened, checksum first: a damaged or hostile one is refused, and the failure names the field. To look
 * for damage later, call silif_plan_memory again; silif_verify shows that the core still computes right.
 *
 * Every output is set to nothing (0, NULL, no word) before anything can be refused.
 *
 * On a Cortex-M words are read that are not aligned: CCR.UNALIGN_TRP must be 0, as after a reset.
 *
 * Of the C library only memcpy, memmove and memset are called, and of the compiler's own the 64-bit division.
 */
#ifndef SILIF_H
#define SILIF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of this interface. It grows whenever a declaration changes its meaning; silif_api_version() tells what the
 * library was built with. */
#define SILIF_API_VERSION 1

/* What the caller's memory must start at a multiple of, in bytes. */
#define SILIF_MEMORY_ALIGNMENT 64
/* What the model must start at a multiple of, in bytes. */
#define SILIF_MODEL_ALIGNMENT 16

/* Where a digest begins: see silif_digest. */
#define SILIF_DIGEST_START UINT64_C(0xCBF29CE484222325)

/* An error code: one of the constants below. A fixed width, because compilers disagree about the size of enums. */
typedef int32_t silif_error;

enum {
  SILIF_OK = 0,
  /* A pointer is NULL, or a number is outside its range. */
  SILIF_ERROR_ARGUMENT = 1,
  /* The memory or the model does not start at a multiple of its alignment. */
  SILIF_ERROR_ALIGNMENT = 2,
  /* The memory is smaller than silif_plan_memory says; failure.value is how many bytes it takes. */
  SILIF_ERROR_MEMORY = 3,
  /* The model has no front end: it takes frames only. */
  SILIF_ERROR_NO_FRONT_END = 4,
  /* The self-test gave another digest, or another number of steps, than the model says. */
  SILIF_ERROR_SELF_TEST = 5,

  /* Why a model was refused; failure.field names the field as docs/MODEL-FORMAT.md and docs/FRONT-END.md do. */
  /* It has fewer bytes than the field needs. */
  SILIF_ERROR_TRUNCATED = 16,
  /* The first eight bytes are not those of a model. */
  SILIF_ERROR_NOT_A_MODEL = 17,
  /* A format version that this library does not read; failure.value is the version. */
  SILIF_ERROR_UNSUPPORTED_VERSION = 18,
  /* The checksum does not match. */
  SILIF_ERROR_DAMAGED = 19,
  /* The value is outside its range. */
  SILIF_ERROR_OUT_OF_RANGE = 20,
  /* The value contradicts another field. */
  SILIF_ERROR_INCONSISTENT = 21,
  /* A section is absent. */
  SILIF_ERROR_MISSING = 22
};

/* What went wrong. */
typedef struct silif_failure {
  silif_error code;
  /* The layer that the field belongs to, from 0; -1 where it belongs to none. */
  int32_t layer;
  /* The value found, where there is one; of the field `tag`, a section that is there a second time, its place in the
   * section table, from 0. */
  int64_t value;
  /* The field's name, ended by a zero, never freed; NULL where no field is to blame. */
  const char *field;
} silif_failure;

/* Bytes of RAM, each part rounded up to the alignment. */
typedef struct silif_memory {
  /* What silif_open needs: the sum of the parts. */
  size_t total;
  /* The engine's own record. */
  size_t engine;
  /* The network: states, delay rings, tables. */
  size_t network;
  /* The front end: samples, transform, tables. Between frames its buffers serve the network as scratch memory. */
  size_t front_end;
  /* The detector: window and levels. */
  size_t detector;
} silif_memory;

/* Sizes and units of an open model. */
typedef struct silif_description {
  /* Samples a second; 0 where the model has no front end. */
  uint32_t sample_rate_hz;
  /* Samples in a frame, and from one frame to the next. */
  uint32_t frame_samples;
  uint32_t hop_samples;
  /* Duration of a network step in microseconds. */
  uint32_t step_us;
  /* Values in a frame. */
  uint32_t input_count;
  /* A frame's integer x stands for x / 2^input_fraction_bits. */
  uint32_t input_fraction_bits;
  /* Layers, the last one included. */
  uint32_t layer_count;
  /* Classes of the last layer: the words, and unknown and silence where the model has them. */
  uint32_t class_count;
  /* Class that stands for every other word, and for no speech; -1 where the model has none. */
  int32_t unknown_class;
  int32_t silence_class;
  /* Steps of the model's self-test. */
  uint32_t self_test_steps;
} silif_description;

/* What one call did. */
typedef struct silif_event {
  /* 1 where the network made a step: the results below are then those of that step. */
  int32_t stepped;
  /* Class of the word that was decided on, -1 for none. */
  int32_t word;
  /* Its mean probability over the detector's window, 0...32768; that of all words together where the model has a least
   * share (docs/SCORING.md). */
  int32_t score_q15;
  /* Always 0. */
  int32_t reserved;
  /* Samples, or where frames are pushed frames, since the engine was opened; resets do not turn it back. */
  int64_t position;
} silif_event;

/* What a clip gave. */
typedef struct silif_clip {
  /* Class with the largest score, the first of equals. */
  int32_t winner;
  /* Steps that the network made. */
  uint32_t steps;
  /* Spikes of all hidden layers. */
  uint64_t spikes;
} silif_clip;

/* An open engine: an address inside the caller's memory, which must not be written, moved or copied while the engine is
 * in use. Nothing needs closing: when you are done with the engine, its memory is yours again. */
typedef struct silif_engine silif_engine;

/* SILIF_API_VERSION of the library. */
uint32_t silif_api_version(void);

/* The constant's name, such as "SILIF_ERROR_DAMAGED"; "SILIF_ERROR_UNKNOWN" for other numbers. Never freed. */
const char *silif_error_name(silif_error code);

/* Checks the model and says how much memory silif_open takes for it. `failure` may be NULL. */
silif_error silif_plan_memory(const void *model, size_t model_bytes, silif_memory *memory_plan, silif_failure *failure);

/* Checks the model and makes an engine in `memory`, in the state of a fresh start. `failure` may be NULL. */
silif_error silif_open(const void *model, size_t model_bytes, void *memory, size_t memory_bytes, silif_engine **engine,
                       silif_failure *failure);

/* After lost samples: forgets all states, empties the window, begins the warm-up. */
silif_error silif_reset(silif_engine *engine);

/* Of a network that samples: draws other numbers from the next step on, as if it were the first after a reset, which keeps
 * the seed. SILIF_ERROR_ARGUMENT where nothing is drawn. */
silif_error silif_set_seed(silif_engine *engine, uint64_t seed);

/* Runs the model's self-test in the engine's memory. SILIF_OK: this machine computes what the exporter computed.
 * The engine is reset by it; thresholds and seed are kept. `digest` receives what was computed, and may be NULL. */
silif_error silif_verify(silif_engine *engine, uint64_t *digest);

/* Takes samples until the network has made a step or the block is used up. `used` receives how many were taken: at least
 * one, unless the block is empty. An empty block may be NULL. */
silif_error silif_push_samples(silif_engine *engine, const int16_t *samples, size_t count, size_t *used,
                               silif_event *event);

/* The same for whole blocks: takes samples until a word was decided on or the block is used up. `stepped` is 1 where the
 * network made at least one step. */
silif_error silif_hear(silif_engine *engine, const int16_t *samples, size_t count, size_t *used, silif_event *event);

/* Samples that are floats, full scale 1, as the integers that the other functions take: times 32768, rounded half up,
 * clamped, as the commands read files of floats. SILIF_ERROR_ARGUMENT where one is infinite or not a number: `target`,
 * [count], is then as it was. No arrays may overlap. Empty ones may be NULL. */
silif_error silif_int16_from_float(const float *samples, size_t count, int16_t *target);
silif_error silif_int16_from_double(const double *samples, size_t count, int16_t *target);

/* Scores a clip by itself, as kws-score does: from a fresh start, with zero samples appended up to the length that the
 * model was trained on, and for the frames after it that the model asks for. `sums_q15` receives each class's score times
 * the steps, [class_count]: divided by 32768 and by clip->steps it is 0 to 1. The score is the mean probability over the
 * clip, or what the model's rule for clips makes of the best window. What the engine heard before is forgotten.
 * SILIF_ERROR_INCONSISTENT or _OUT_OF_RANGE where that rule, which silif_open does not read, is wrong: all sums are 0 then. */
silif_error silif_score_clip(silif_engine *engine, const int16_t *samples, size_t count, int64_t *sums_q15,
                             silif_clip *clip);

/* How sure to be (docs/SCORING.md), 0...32768: of the event of the last step, that its word was said; of a clip that
 * silif_score_clip scored, that its winner is right. -1 where the last step decided on no word, where the clip has no
 * step, or where the model does not say how sure to be. Ask about an event before more samples are pushed. Sums outside
 * 0...32768 · clip->steps count as the nearest in it. */
int32_t silif_event_probability_q15(const silif_engine *engine);
int32_t silif_clip_probability_q15(const silif_engine *engine, const int64_t *sums_q15, const silif_clip *clip);

/* Makes one step on a frame of input_count values, without the front end. Values beyond the model's limit are saturated. */
silif_error silif_push_frame(silif_engine *engine, const int16_t *frame, size_t count, silif_event *event);

/* Sets the mean probability, 0...32768, at which a class is reported. The level below which it may be reported again
 * keeps its ratio to it. A class that is not reported by default (unknown, silence) is reported from then on. */
silif_error silif_set_threshold_q15(silif_engine *engine, size_t class_index, int32_t threshold_q15);

silif_error silif_describe(const silif_engine *engine, silif_description *description);

/* The class's name: UTF-8, `length` bytes, not ended by a zero; inside the model. NULL for no such class. */
const char *silif_word(const silif_engine *engine, size_t class_index, size_t *length);

/* 1 where the model reports the class as an event, 0 where it does not by itself, and for no such class. */
int32_t silif_is_keyword(const silif_engine *engine, size_t class_index);

/* Results of the last step. They are overwritten by the next one. NULL for a NULL engine or no such layer. */

/* Probabilities, 0...32768, [class_count]. */
const uint16_t *silif_probabilities_q15(const silif_engine *engine);
/* Membrane potentials of the last layer with 16 fractional bits, [class_count]. */
const int32_t *silif_membrane_q16(const silif_engine *engine);
/* The frame that the network computed with, [input_count]. */
const int16_t *silif_frame(const silif_engine *engine);
/* Spikes of a hidden layer, 1 where a neuron fired; `count` receives the number of neurons. An encoder has none: NULL and 0. */
const uint8_t *silif_spikes(const silif_engine *engine, size_t layer, size_t *count);
/* The stream after a hidden layer; NULL and 0 where the layer writes none. How many fractional bits it has is in the model, as
 * `state_fraction_bits` of the layer: `kws-model info --format json MODEL` tells it. */
const int32_t *silif_stream(const silif_engine *engine, size_t layer, size_t *count);

/* Adds the last step to a digest (FNV-1a, as the self-test's; docs/MODEL-FORMAT.md, section TEST) and returns it.
 * Begin with SILIF_DIGEST_START. */
uint64_t silif_digest(const silif_engine *engine, uint64_t digest);

#ifdef __cplusplus
}
#endif

#endif
