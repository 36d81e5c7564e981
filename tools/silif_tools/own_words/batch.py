"""A process that says many texts with espeak-ng's or flite's library: starting a program for each takes ten times as
long.

    python batch.py espeak < texts.json > samples      texts.json: [[voice, words a minute, pitch 0 to 99, text], ...]
    python batch.py flite < texts.json > samples       [[voice, stretch, pitch in Hz, text], ...]

Out come, for each text, its sampling rate, the number of samples, and the samples: 32-bit and 16-bit little-endian
integers. A voice that is not there says nothing.

Imports nothing of this package, so that it starts at once. The libraries keep counters that only a new process sets
back: the same texts in one process give the same samples.
"""

import ctypes
import json
import struct
import sys
from collections.abc import Callable

_SYNCHRONOUS, _RATE, _PITCH, _CHARACTER, _UTF8, _PHONEMES = 2, 1, 3, 1, 1, 0x100
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
Say = Callable[[str, float, float, str], tuple[int, bytes]]


class _Choice(ctypes.Structure):  # espeak_VOICE
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("unused", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


def espeak() -> Say:
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, 0)
    if rate <= 0:
        raise OSError("espeak-ng's library does not start")
    parts: list[bytes] = []

    def heard(samples, count, _) -> int:
        if samples and count > 0:
            parts.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = _CALLBACK(heard)
    library.espeak_SetSynthCallback(callback)

    def say(voice: str, words_a_minute: float, pitch: float, text: str, keep=callback) -> tuple[int, bytes]:
        parts.clear()
        # As the program does: most accents are known by their language alone.
        by_language = _Choice(languages=voice.encode())
        if not (
            library.espeak_SetVoiceByName(voice.encode())
            and library.espeak_SetVoiceByProperties(ctypes.byref(by_language))
        ):
            library.espeak_SetParameter(_RATE, int(words_a_minute), 0)
            library.espeak_SetParameter(_PITCH, int(pitch), 0)
            data = text.encode() + b"\0"
            library.espeak_Synth(data, len(data), 0, _CHARACTER, 0, _UTF8 | _PHONEMES, None, None)
            library.espeak_Synchronize()
        return rate, b"".join(parts)

    return say


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.c_void_p),
    )


class _Voice(ctypes.Structure):  # its first two fields
    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


def flite() -> Say:
    library = ctypes.CDLL("libflite.so.1", ctypes.RTLD_GLOBAL)
    for part in ("libflite_usenglish.so.1", "libflite_cmulex.so.1"):
        ctypes.CDLL(part, ctypes.RTLD_GLOBAL)
    library.flite_init()
    library.flite_text_to_wave.restype = ctypes.POINTER(_Wave)
    library.flite_text_to_wave.argtypes = (ctypes.c_char_p, ctypes.POINTER(_Voice))
    library.feat_set_float.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float)
    voices = {}

    def say(voice: str, stretch: float, pitch: float, text: str) -> tuple[int, bytes]:
        if voice not in voices:
            register = getattr(ctypes.CDLL(f"libflite_cmu_us_{voice}.so.1"), f"register_cmu_us_{voice}")
            register.restype = ctypes.POINTER(_Voice)
            voices[voice] = register(None)
        features = voices[voice].contents.features
        library.feat_set_float(features, b"duration_stretch", stretch)
        library.feat_set_float(features, b"int_f0_target_mean", pitch)
        wave = library.flite_text_to_wave(text.encode(), voices[voice])
        found = ctypes.string_at(wave.contents.samples, 2 * wave.contents.num_samples)
        rate = wave.contents.sample_rate
        library.delete_wave(wave)
        return rate, found

    return say


def main() -> int:
    say = {"espeak": espeak, "flite": flite}[sys.argv[1]]()
    for voice, pace, pitch, text in json.load(sys.stdin):
        rate, samples = say(voice, pace, pitch, text)
        sys.stdout.buffer.write(struct.pack("<ii", rate, len(samples) // 2) + samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
