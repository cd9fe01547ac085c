"""The named errors of the recognition package.

- RecognitionError
  - CharsetError
  - WeightsError
"""


class RecognitionError(Exception):
    """Anything a caller can put right: the message says what, where and what to do."""


class CharsetError(RecognitionError):
    """A charset that is empty, holds a codepoint twice, or does not match another."""


class WeightsError(RecognitionError):
    """A weights file that is missing, damaged, or does not match its model."""
