"""The error that says what is wrong with something a user gave."""


class ConversionError(ValueError):
    """A checkpoint, list or recording that cannot be used; the message says which tensor or file, and what to do."""
