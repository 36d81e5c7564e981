/* A microphone that misbehaves by script, as a plugin of alsa-lib (an ioplug): what the commands are given goes all the way through
   libasound. FaultyMicrophone.swift compiles it and names the configuration.

   The script has a step a line:
     audio N       the next N samples of the recording (S16, mono, 16 kHz), which begins again at its end
     seek N        go on with sample N
     overrun       the device reports an overrun (EPIPE) and wants to be prepared
     suspend       ESTRPIPE; resume works
     suspend-dead  ESTRPIPE; resume is not implemented
     error         EIO, once
     gone          ENODEV, until it is opened again
     absent N      the next N attempts to open it fail with ENODEV (the step after `gone`)
     short N       N reads of one frame each
     nothing N     says N times that samples are ready, and gives none
     still         says nothing and gives nothing, until it is opened again
   At its end the recording plays on. The script's position outlives the device. (Link with -z nodelete: alsa-lib unloads
   its plugins.) */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PERIOD = 160, BUFFER = 8000 };

typedef struct {
  char name[16];
  long value;
} step;

static step *steps;
static size_t step_count, at;
static long done;
static int16_t *sound;
static size_t sound_count, place;
static int is_dead, is_still;

typedef struct {
  snd_pcm_ioplug_t io;
  snd_pcm_uframes_t given;
  int is_suspended;
} microphone;

static int load(const char *script, const char *audio) {
  if (steps) return 0;
  FILE *file = fopen(script, "r");
  if (!file) return -errno;
  steps = calloc(100000, sizeof *steps);
  while (step_count < 100000 && fscanf(file, "%15s", steps[step_count].name) == 1) {
    if (fscanf(file, "%ld", &steps[step_count].value) != 1) steps[step_count].value = 1;
    step_count++;
  }
  fclose(file);
  file = fopen(audio, "rb");
  if (!file) return -errno;
  fseek(file, 0, SEEK_END);
  sound_count = (size_t)ftell(file) / 2;
  rewind(file);
  sound = malloc(sound_count * 2);
  size_t got = fread(sound, 2, sound_count, file);
  fclose(file);
  return got == sound_count ? 0 : -EIO;
}

static int is(const char *name) { return at < step_count && !strcmp(steps[at].name, name); }

static void next(void) {
  done = 0;
  at++;
}

static void set_ready(microphone *device, int ready) {
  uint64_t value = 1;
  if (ready ? write(device->io.poll_fd, &value, 8) : read(device->io.poll_fd, &value, 8)) {
  }
}

static int start(snd_pcm_ioplug_t *io) {
  (void)io;
  return 0;
}

static int stop(snd_pcm_ioplug_t *io) {
  (void)io;
  return 0;
}

/* How far the device has come: what alsa-lib then lets be read. */
static snd_pcm_sframes_t pointer(snd_pcm_ioplug_t *io) {
  microphone *device = io->private_data;
  if (is_dead) return -ENODEV;
  while (is("seek")) {
    place = (size_t)steps[at].value;
    next();
  }
  while (is("audio") && done >= steps[at].value) next();
  snd_pcm_sframes_t more = PERIOD;
  if (is("audio")) {
    long left = steps[at].value - done;
    more = left < PERIOD ? left : PERIOD;
  } else if (is("short")) {
    more = 1;
  } else if (is("overrun")) {
    next();
    return -EPIPE;
  } else if (is("suspend") || is("suspend-dead")) {
    device->is_suspended = is("suspend-dead") ? 2 : 1;
    next();
    snd_pcm_ioplug_set_state(io, SND_PCM_STATE_SUSPENDED);
    more = 0;
  } else if (is("gone")) {
    next();
    is_dead = 1;
    snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
    return -ENODEV;
  } else if (is("nothing")) {
    if (++done > steps[at].value) next();
    more = 0;
  } else if (is("still")) {
    next();
    is_still = 1;
  }
  if (is_still) {
    set_ready(device, 0);
    more = 0;
  }
  snd_pcm_uframes_t read = io->appl_ptr, ready = device->given - read;
  if (ready == 0) device->given += (snd_pcm_uframes_t)more;
  return (snd_pcm_sframes_t)(device->given % BUFFER);
}

static snd_pcm_sframes_t transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas, snd_pcm_uframes_t offset,
                                  snd_pcm_uframes_t size) {
  (void)io;
  if (is("error")) {
    next();
    return -EIO;
  }
  char *target = (char *)areas->addr + (areas->first + areas->step * offset) / 8;
  for (snd_pcm_uframes_t i = 0; i < size; i++) {
    if (place >= sound_count) place = 0;
    memcpy(target + 2 * i, sound + place++, 2);
  }
  if (is("audio")) done += (long)size;
  if (is("short") && ++done >= steps[at].value) next();
  return (snd_pcm_sframes_t)size;
}

static int prepare(snd_pcm_ioplug_t *io) {
  microphone *device = io->private_data;
  if (is_dead) return -ENODEV;
  device->given = 0;
  device->is_suspended = 0;
  set_ready(device, 1);
  return 0;
}

static int resume(snd_pcm_ioplug_t *io) {
  microphone *device = io->private_data;
  if (device->is_suspended == 2) return -ENOSYS;
  device->is_suspended = 0;
  snd_pcm_ioplug_set_state(io, SND_PCM_STATE_RUNNING);
  return 0;
}

static int revents(snd_pcm_ioplug_t *io, struct pollfd *descriptors, unsigned count, unsigned short *events) {
  (void)io;
  (void)count;
  *events = descriptors[0].revents;
  return 0;
}

static int close_device(snd_pcm_ioplug_t *io) {
  close(io->poll_fd);
  free(io->private_data);
  return 0;
}

static const snd_pcm_ioplug_callback_t calls = {
    .start = start,
    .stop = stop,
    .pointer = pointer,
    .transfer = transfer,
    .close = close_device,
    .prepare = prepare,
    .resume = resume,
    .poll_revents = revents,
};

SND_PCM_PLUGIN_DEFINE_FUNC(fault) {
  (void)root;
  snd_config_iterator_t i, after;
  const char *script = NULL, *audio = NULL;
  snd_config_for_each(i, after, conf) {
    snd_config_t *entry = snd_config_iterator_entry(i);
    const char *id;
    if (snd_config_get_id(entry, &id) < 0) continue;
    if (!strcmp(id, "script")) snd_config_get_string(entry, &script);
    if (!strcmp(id, "audio")) snd_config_get_string(entry, &audio);
  }
  int code = load(script, audio);
  if (code < 0) return code;
  if (is("absent")) {
    if (++done >= steps[at].value) next();
    return -ENODEV;
  }
  is_dead = is_still = 0;
  microphone *device = calloc(1, sizeof *device);
  device->io.version = SND_PCM_IOPLUG_VERSION;
  device->io.name = "a microphone that misbehaves";
  device->io.callback = &calls;
  device->io.private_data = device;
  device->io.poll_fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
  device->io.poll_events = POLLIN;
  device->io.mmap_rw = 0;
  code = snd_pcm_ioplug_create(&device->io, name, stream, mode);
  if (code < 0) return code;
  static const unsigned accesses[] = {SND_PCM_ACCESS_RW_INTERLEAVED}, formats[] = {SND_PCM_FORMAT_S16_LE};
  snd_pcm_ioplug_set_param_list(&device->io, SND_PCM_IOPLUG_HW_ACCESS, 1, accesses);
  snd_pcm_ioplug_set_param_list(&device->io, SND_PCM_IOPLUG_HW_FORMAT, 1, formats);
  snd_pcm_ioplug_set_param_minmax(&device->io, SND_PCM_IOPLUG_HW_CHANNELS, 1, 1);
  snd_pcm_ioplug_set_param_minmax(&device->io, SND_PCM_IOPLUG_HW_RATE, 16000, 16000);
  snd_pcm_ioplug_set_param_minmax(&device->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 2 * PERIOD, 2 * PERIOD);
  snd_pcm_ioplug_set_param_minmax(&device->io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 2 * BUFFER, 2 * BUFFER);
  *pcmp = device->io.pcm;
  return 0;
}

SND_PCM_PLUGIN_SYMBOL(fault);
