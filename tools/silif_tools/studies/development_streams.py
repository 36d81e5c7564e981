"""Development streams: what a network for streams is chosen on, from validation lists and held-out recordings alone.

    python -m silif_tools.studies.development_streams --data ../shared/data --output runs/streams

writes a sound file and its truth for every stream: words over noise at several levels and from afar, and speech
without commands, a stream for every kind of it. The same seed makes the same streams; what is there stays.

With --test it makes those of the test lists instead, to be looked at when everything is chosen: words, from afar too,
and the lists of speech and noise one after another, unchanged.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..sound import load_pcm, read_list
from ..streams.active import rms
from ..streams.compose import RATE_HZ, TruthRow, compose
from ..streams.files import COMMANDS, composed, concatenate, write_stream
from ..train import material
from ..train.hold_out import SHARE, is_held_out
from ..train.synthetic_text import KEPT_NAMES, KEPT_PROMPTS, clean, sentences
from ..train.voices import ACCENTS, espeak
from ..train.waves import varied

SNRS_DB = (20, 10, 5)
TEST_SNRS_DB = (30, 20, 10, 5)
FAR_SNR_DB = 15
REPEATS = 2  # of every word in a stream, in other noise or another room
COPIES = 4  # of every recording without commands: as it is, then at other speeds, now and then in a room
FLOOR = 10 ** (-65 / 20)  # of full scale: what is heard between recordings
LEVEL_DB = (-34.0, -14.0)  # of a recording's RMS: from across a desk to close to the microphone
# Voices of espeak-ng that synthetic.py does not train on.
VOICES = (
    "Alex", "Alicia", "Andy", "antonio", "benjamin", "caleb", "Denis", "Diogo", "edward", "gustave", "Henrique", "Hugo",
    "Jacky", "kaukovalta", "marcelo", "Marco", "michel", "Mike", "Nguyen", "paul", "pedro", "quincy", "robert",
    "klatt3", "norbert", "sandro", "klatt2", "klatt5", "AnxiousAndy", "announcer",
)  # fmt: skip
FOREIGN = {
    "de": [
        "Guten Morgen, wie geht es Ihnen heute?", "Die Katze sitzt auf dem Dach und schläft.",
        "Ja, genau, so ist das.",
    ],
    "fr": ["Bonjour, comment allez-vous?", "Le chat est monté sur le toit de la maison.", "Oui, bien sûr, on y va."],
    "es": [
        "Buenos días, ¿cómo está usted?", "El gato está durmiendo encima de la mesa.",
        "Yo creo que él lo sabe todo.",
    ],
    "it": ["Buongiorno, come sta oggi?", "Il gatto dorme sopra la tavola.", "Ecco, questo è il nostro giardino."],
    "nl": ["Goedemorgen, hoe gaat het met u?", "De kat slaapt op het dak van het huis."],
    "pl": ["Dzień dobry, jak się pan ma?", "Kot śpi na dachu naszego domu."],
    "sv": ["God morgon, hur mår du?", "Katten sover på taket."],
    "pt": ["Bom dia, como vai você?", "O gato está dormindo em cima da mesa."],
}  # fmt: skip

Recordings = list[np.ndarray]
Makers = dict[str, Callable[[], tuple[np.ndarray, list[TruthRow]]]]  # name -> samples and truth


def _held_out(root: Path, share: float, beginning: tuple[str, ...] = ("",)) -> Recordings:
    names = [n for n in material.training_names(root) if is_held_out(n, share) and n.startswith(beginning)]
    if beginning != ("",):  # counted by kind: nothing that sounds like a command either ("know")
        told = material.texts(root)
        names = [n for n in names if clean(told.get(n, ""))]
    return [load_pcm(root / name, RATE_HZ) for name in names]


def rooms(data: Path, share: float) -> Recordings:
    """Impulse responses that no network trains on, the loudest sample at one."""
    files = [p for p in sorted((data / "rir").glob("*.flac")) if is_held_out(f"rir/{p.name}", share)]
    if not files:
        raise ValueError(f"{data / 'rir'} holds no impulse responses that were kept from training")
    responses = [load_pcm(path, RATE_HZ).astype(np.float32) for path in files]
    return [x / np.abs(x).max() for x in responses]


def spoken(texts: list[str], random: np.random.Generator, language: str = "") -> Recordings:
    """Texts in random voices that training has not heard; in English unless another language is given."""
    found = []
    for text in texts:
        accent = language or ACCENTS[random.integers(len(ACCENTS))]
        audio = espeak(text, f"{accent}+{VOICES[random.integers(len(VOICES))]}", random)
        if audio is not None:
            found.append(audio)
    return found


def cut_up(speech: Recordings, seconds: float, random: np.random.Generator) -> Recordings:
    """Pieces of 0.15 to 0.9 s out of the middle of speech, three to eight of them one after another."""
    found, have = [], 0
    long = [x for x in speech if len(x) > RATE_HZ]
    while have < seconds * RATE_HZ:
        parts = []
        for _ in range(int(random.integers(3, 9))):
            whole, length = long[random.integers(len(long))], int(random.uniform(0.15, 0.9) * RATE_HZ)
            start = int(random.integers(len(whole) - length))
            part, fade = whole[start : start + length].astype(np.float64), RATE_HZ // 50
            part[:fade] *= np.linspace(0, 1, fade)
            part[-fade:] *= np.linspace(1, 0, fade)
            parts += [part * (2000 / max(rms(part), 20.0)), np.zeros(int(random.uniform(0, 0.5) * RATE_HZ))]
        found.append(np.concatenate(parts).clip(-32768, 32767).astype(np.int16))
        have += len(found[-1])
    return found


def without_commands(
    recordings: Recordings, copies: int, responses: Recordings, random: np.random.Generator
) -> np.ndarray:
    """All recordings one after another with short gaps, each `copies` times in its own way, over a faint hiss."""
    parts = []
    for copy in range(copies):
        for index in random.permutation(len(recordings)):
            audio = recordings[index].astype(np.float32) / 32768
            if copy:
                audio = varied(audio, random, 1.17, 0.35, 0.0, responses)
            level = 10 ** (random.uniform(*LEVEL_DB) / 20) / max(rms(audio), 1e-4)
            parts += [audio * min(level, 0.99 / max(float(np.abs(audio).max()), 1e-4))]
            parts += [np.zeros(int(random.uniform(0.2, 0.9) * RATE_HZ), np.float32)]
    out = np.concatenate(parts)
    out += random.standard_normal(len(out)).astype(np.float32) * FLOOR
    return np.clip(np.rint(out * 32768), -32768, 32767).astype(np.int16)


def said(list_file: Path) -> list[tuple[str, np.ndarray]]:
    """The commands of a list."""
    names = [name for name in read_list(list_file) if Path(name).parent.name in COMMANDS]
    return [(Path(name).parent.name, load_pcm(list_file.parent / name, RATE_HZ)) for name in names]


def test_streams(data: Path, seed: int, share: float) -> Makers:
    """Those of the test lists: words and noise as silif-release has them, rooms that no network trains on."""
    words, noise, speech = (data / part / "test_list.txt" for part in ("gsc", "noise", "speech"))

    def with_words(snr_db: float):
        return lambda: composed(words, noise, speech, snr_db=snr_db, seed=seed)

    def far():
        sounds = ([load_pcm(part.parent / name, RATE_HZ) for name in read_list(part)] for part in (noise, speech))
        return compose(said(words), *sounds, snr_db=FAR_SNR_DB, seed=seed, speech_share=1 / 3, rooms=rooms(data, share))

    lists = [speech, *(p for p in (speech.with_name("extra_test_list.txt"),) if p.exists()), noise]
    made = {f"words-{snr}": with_words(snr) for snr in TEST_SNRS_DB}
    return made | {"words-far": far, "none": lambda: (concatenate(lists), [])}


def streams(data: Path, seed: int, share: float) -> Makers:
    """What makes every stream, by name: those that begin with "words" have commands."""
    gsc, responses = data / "gsc", rooms(data, share)
    names, words = read_list(gsc / "validation_list.txt"), said(gsc / "validation_list.txt")
    others = [
        load_pcm(gsc / n, RATE_HZ) for n in names if Path(n).parent.name not in (*COMMANDS, "_silence_")
    ]  # bed, cat, happy for the most part
    noise, speech = _held_out(data / "noise", share), _held_out(data / "speech", share)

    def with_words(snr_db: float, number: int, **options):
        return lambda: compose(words * REPEATS, noise, speech, snr_db=snr_db, seed=seed + number, **options)

    def random(number: int) -> np.random.Generator:
        return np.random.default_rng([seed, number])

    def speech_of(number: int, recordings: Callable[[np.random.Generator], Recordings], copies: int = COPIES):
        def make():
            rng = random(number)
            return without_commands(recordings(rng), copies, responses, rng), []

        return make

    def of(*folders: str):
        return lambda _: _held_out(data / "speech", share, folders)

    def foreign(rng):
        made = [sound for language, texts in FOREIGN.items() for sound in spoken(texts * 6, rng, language)]
        return _held_out(data / "words", share) + made

    made = {f"words-{snr}": with_words(snr, k) for k, snr in enumerate(SNRS_DB)}
    made["words-far"] = with_words(FAR_SNR_DB, 3, speech_share=1 / 3, rooms=responses)
    return made | {
        "running": speech_of(10, of("coffee_orders")),
        "sentences": speech_of(11, of("arctic_kathleen")),
        "prompts": speech_of(12, lambda rng: of("asterisk_allison")(rng) + spoken(KEPT_PROMPTS * 2, rng)),
        "wake-words": speech_of(13, of("wake_words", "mycroft_wake")),
        "phrases": speech_of(14, of("hymel_phrases"), 4),
        "names": speech_of(15, lambda rng: spoken(KEPT_NAMES * 6, rng), 2),
        "foreign": speech_of(16, foreign, 2),
        "synthetic": speech_of(17, lambda rng: spoken(sentences(600, seed + 1000), rng), 1),
        "cut-up": speech_of(18, lambda rng: cut_up(speech, 1800, rng), 1),
        "other-words": speech_of(19, lambda _: others),
        "noise": speech_of(20, lambda _: noise, 1),
    }


def write(makers: Makers, folder: Path) -> Iterator[tuple[Path, float, int]]:
    """Make what is not there yet, and tell of each as it is written: its file, hours and words."""
    for name, make in makers.items():
        path = folder / f"{name}.wav"
        if path.exists() and path.with_suffix(".csv").exists():
            continue
        samples, truth = make()
        write_stream(path, samples, truth)
        yield path, len(samples) / RATE_HZ / 3600, len(truth)


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m silif_tools.studies.development_streams", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with gsc, noise, speech, words and rir")
    parser.add_argument("--output", type=Path, required=True, help="folder for NAME.wav and NAME.csv")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", type=float, default=SHARE, help=f"the recipe's share (default {SHARE})")
    parser.add_argument("--test", action="store_true", help="the test lists' streams")
    arguments = parser.parse_args(argv)
    total, makers = 0.0, test_streams if arguments.test else streams
    try:
        made = makers(arguments.data, arguments.seed, arguments.held_out)
        for path, hours, words in write(made, arguments.output):
            total += hours
            print(f"{path}: {hours:.3f} h, {words} words", flush=True)
    except (OSError, ValueError) as error:
        print(f"silif_tools.studies.development_streams: {error}", file=sys.stderr)
        return 1
    print(f"{total:.2f} h")
    return 0


if __name__ == "__main__":
    sys.exit(main())
