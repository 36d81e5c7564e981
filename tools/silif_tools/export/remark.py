"""One line beside a conversion's figures: what was assumed, what does not fit, what is odd although it converts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Remark:
    """label: "assumed", what the file does not say; "changed", what the format does not hold; "suspect", what nobody
    trains a network for; "note". By all but notes the converted network may be another one: `--strict` refuses them.
    """

    text: str
    label: str

    @classmethod
    def note(cls, text: str) -> "Remark":
        return cls(text, "note")

    @classmethod
    def assumed(cls, text: str) -> "Remark":
        return cls(text, "assumed")

    @classmethod
    def changed(cls, text: str) -> "Remark":
        return cls(text, "changed")

    @classmethod
    def suspect(cls, text: str) -> "Remark":
        return cls(text, "suspect")

    @property
    def is_harmless(self) -> bool:
        return self.label == "note"

    def line(self) -> str:
        return f"{self.label}: {self.text}"
