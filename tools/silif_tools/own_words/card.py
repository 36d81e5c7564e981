"""The card beside a model of own words: what it hears, what it was tested on, and how to say the words."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..model_file.tables import Detector
from .place import MADE_BY
from .tune import Row

_RATES = (0.5, 1.0, 2.0, 5.0, 10.0)
_NAMED = 6  # of the words that it mistook, the most frequent


@dataclass
class Findings:
    """What the check came to. alarms: false alarms, where no word is said, in so many hours."""

    rows: list[Row]
    own: Row
    each_word: dict[str, float]
    hours: float
    hits_in: dict[str, int]  # words said in each stream
    alike: int  # words said that sound alike
    taken: list[str]  # those of them that it took for its own
    voices: str  # of whom the streams are
    lift: float  # log odds by which the recordings are above the synthetic voices, where they are


def _percent(hits: dict[str, float]) -> str:
    return " | ".join(f"{value:.0f} %" for value in hits.values())


def _rate(row: Row, hours: float) -> str:
    return f"{row.alarms_per_hour:.1f}" if row.alarms_per_hour else f"below {3 / hours:.0f}"


def heard(found: Findings) -> str:
    """What its own setting comes to in the check, in a clause."""
    hits = " and ".join(f"{value:.0f} % at {stream}" for stream, value in found.own.hits.items())
    return f"hears {hits}, with {_rate(found.own, found.hours)} false alarms an hour"


def _mistaken(found: Findings) -> list[str]:
    """What it made of words that sound alike, in a paragraph."""
    if not found.alike:
        return []
    most = Counter(found.taken).most_common()
    named = [f"*{text}*" + (f" {count} times" if count > 1 else "") for text, count in most[:_NAMED]]
    rest = len(most) - len(named)
    those = f": {', '.join(named)}" + (f" and {rest} others" if rest > 0 else "") if named else ""
    return [
        f"Of {found.alike} words that sound like them, in voices that it never learned from, it took"
        f" {len(found.taken) or 'none'} for its own{those}.",
        "",
    ]


def text(name: str, words: list[str], detector: Detector, found: Findings, how: list[str], credits: list[str]) -> str:
    """The card, in Markdown."""
    thresholds = ", ".join(f"{w} {t:.2f}" for w, t in zip(words, detector.threshold, strict=False) if w[0] != "_")
    streams = list(found.own.hits)
    rows = sorted(found.rows, key=lambda row: row.alarms_per_hour)
    table = [
        f"| false alarms an hour | {' | '.join(streams)} | thresholds' odds |",
        "|---|" + "---|" * (len(streams) + 1),
    ]
    shown: set[float] = set()
    for rate in _RATES:
        within = [row for row in rows if row.alarms_per_hour <= rate]
        best = max(within, key=lambda row: np.mean(list(row.hits.values())), default=None)
        if best and best.odds not in shown:
            shown.add(best.odds)
            table.append(f"| {_rate(best, found.hours)} | {_percent(best.hits)} | × {best.odds:.2f} |")
    each = [f"- *{word}*: {value:.0f} %" for word, value in found.each_word.items()]
    said = ", ".join(f"{count} words at {stream}" for stream, count in found.hits_in.items())
    lifted = (
        " Of the recordings the network is surer than of synthetic voices, the odds of its scores are"
        f" {np.exp(found.lift):.1f} times as high; people's talk will raise more alarms by that, too, and the sentences"
        " were scored as if it were theirs."
        if found.lift
        else ""
    )
    return "\n".join(
        [
            f"# {name}",
            "",
            f"Hears {', '.join(f'*{w}*' for w in words if w[0] != '_')}. {MADE_BY}.",
            "",
            "```sh",
            f"kws-listen --model {name}.silif",
            "```",
            "",
            "## What it was tested on",
            "",
            f"Streams of {found.voices}: {said} over made-up noise, with other talk between them; and"
            f" {found.hours:.2f} h of sentences and noise without the words.{lifted} **Synthetic voices are easier than"
            " people**: expect to be heard less often than this says, and measure with recordings of your own"
            " (`kws-score`).",
            "",
            *table,
            "",
            f"Its own setting: window {detector.window_frames * 10} ms, thresholds {thresholds}. There it"
            f" {heard(found)}. Of each word, all streams together:",
            "",
            *each,
            "",
            *_mistaken(found),
            "## How to say it",
            "",
            "- As one says a name that someone should hear: not whispered, with a moment of quiet before it.",
            "- Whole: the last sound counts as much as the first.",
            "- Nearer to the microphone, where there is noise: at 10 dB a word is heard less often than at 20.",
            "- If it misses you, record the word (`silif-record`) and run `silif-words` again with `--recordings`.",
            "",
            "## How it was made",
            "",
            *[f"- {line}" for line in how],
            "",
            "## Credits",
            "",
            *[f"- {line}" for line in credits],
            "",
        ]
    )
