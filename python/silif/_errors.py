"""What this package raises. Each error names the field that is wrong and what to do about it."""

from __future__ import annotations


def reason(error: BaseException) -> str:
    """What an error of somebody else's says, or what it is where it says nothing."""
    return str(error) or type(error).__name__


class SilifError(Exception):
    """The base of all errors of this package.

    Attributes:
        field: the argument or the model's field that is to blame, as docs/MODEL-FORMAT.md names it.
        problem: what is wrong with it.
        remedy: what to do.
    """

    field: str
    problem: str
    remedy: str

    def __init__(self, field: str, problem: str, remedy: str):
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field, self.problem, self.remedy = field, problem, remedy

    def __reduce__(self) -> tuple[type[SilifError], tuple[str, str, str]]:
        return type(self), (self.field, self.problem, self.remedy)


class InputError(SilifError, ValueError):
    """An argument has a value that cannot be used."""


class InputTypeError(InputError, TypeError):
    """An argument has a type that cannot be used."""


class ModelError(SilifError, ValueError):
    """A model that cannot be read, is damaged, or does not compute here what it computed where it was made."""
