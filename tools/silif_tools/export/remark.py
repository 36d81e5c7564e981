"""One line beside a conversion's figures: something that was assumed, or that is odd although it converts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Remark:
    """is_assumption: the converted network may differ from the trained one by it; `--strict` refuses then."""

    text: str
    is_assumption: bool

    @classmethod
    def note(cls, text: str) -> "Remark":
        return cls(text, False)

    @classmethod
    def assumed(cls, text: str) -> "Remark":
        return cls(text, True)

    def line(self) -> str:
        return f"{'assumed' if self.is_assumption else 'note'}: {self.text}"
