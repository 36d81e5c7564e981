"""What train/ draws its sequences from: banks of words, reels of speech and noise, of what was said and recorded."""

from collections.abc import Callable

import numpy as np

from ..train import bank, echo
from ..train.clips import Clips, joined
from ..train.material import UNKNOWN
from ..train.scenes import Scenes
from ..train.stream_scenes import StreamBatch, StreamScenes
from . import noises
from .recordings import Recorded
from .settings import Effort
from .speech import Said

_SPEECH_SHARES = {"sentences": 1.0, "near": 0.5, "singles": 0.3}
_GAP = np.zeros(4000, np.int16)  # a quarter of a second between single words on a reel


class Watched(StreamScenes):
    """Says after every batch how many there have been."""

    watch: Callable[[], None] = staticmethod(lambda: None)

    def sequences(self, size: int, steps: int) -> StreamBatch:
        self.watch()
        return super().sequences(size, steps)


def clips_of(said: Said) -> Clips:
    """Named as train/ wants it: the folder is the word. A text's slash would make another folder."""
    names = [f"{saying.label.replace('/', ' ')}/{number}" for number, saying in enumerate(said.sayings)]
    return joined(names, said.samples)


def spaced(said: Said) -> Clips:
    """With a pause after each, for reels."""
    clips = clips_of(said)
    return joined(clips.names, [np.concatenate([clips.clip(i), _GAP]) for i in range(len(clips))])


def noise_clips(said: Said, effort: Effort, seed: int) -> Clips:
    """Made-up noise; one in six is many talkers."""
    talk = said.part("sentences").samples
    made = [
        noises.babble(talk, number, effort.noise_s, seed)
        if number % 6 == 5
        else noises.noise(number, effort.noise_s, seed)
        for number in range(effort.noises)
    ]
    return joined([f"noise/{number}" for number in range(len(made))], made)


def scenes_of(
    said: Said,
    recorded: Recorded,
    recipe: dict,
    effort: Effort,
    workers: int,
    at: Callable[[float], None] = lambda share: None,
) -> Watched:
    """The source of training sequences. workers: processes for the bank, the largest part; PyTorch takes seconds to
    load in each."""
    settings, seed, words = recipe["bank"], recipe["seed"], recipe["words"]
    rooms = joined([f"rooms/{k}" for k in range(24)], noises.rooms(24, seed))
    near, spoken = said.part("near"), said.part("words")
    labelled = joined(
        [f"{word}/recorded" for word in recorded.words] + clips_of(spoken).names + clips_of(near).names,
        [*recorded.samples, *spoken.samples, *near.samples],
    )
    folders = [labelled.folder(i) for i in range(len(labelled))]
    labels = [words.index(folder if folder in words else UNKNOWN) for folder in folders]
    noise = bank.reel(noise_clips(said, effort, seed), 1, seed, settings, 1, rooms)
    at(0.25)
    both = bank.clip_bank(labelled, settings["variants"], seed, settings, workers, rooms)
    reels = {}
    for done, name in enumerate(_SPEECH_SHARES):
        at(0.6 + 0.1 * done)
        reels[name] = bank.reel(spaced(said.part(name)), settings["reel_variants"], seed, settings, 1, rooms)
    # No other words beside the labelled ones, of which p_other_words = 0 draws none.
    scenes = Scenes(recipe["scenes"], words, both, labels, both, noise, reels["sentences"])
    scenes.weigh_unknown(folders)
    for label, word in enumerate(words):
        own = [k for k, name in enumerate(recorded.words) if name == word]
        if own:
            # As often as the synthetic ones, however few they are.
            members = scenes.members[label]
            times = max(1, round((len(members) - len(own)) / len(own)))
            scenes.members[label] = np.concatenate([np.repeat(own, times), np.setdiff1d(members, own)])
    # A sequence is cut out of a reel: one that is shorter serves nobody.
    long = {name for name, reel in reels.items() if len(reel.features) > 2 * recipe["stream"]["frames"]}
    shares = [(share, reels[name]) for name, share in _SPEECH_SHARES.items() if name in long]
    return Watched(recipe["stream"], scenes, noise, shares, None, echo.envelopes(rooms))
