"""The named errors of the recognition package.

- RecognitionError
  - CharsetError
  - ConfigError
  - CropStoreError
  - TrainingError
  - WeightsError
"""


class RecognitionError(Exception):
    """Anything a caller can put right: the message says what, where and what to do."""


class CharsetError(RecognitionError):
    """A charset that is empty, holds a codepoint twice, or does not match another."""


class ConfigError(RecognitionError, ValueError):
    """A setting that is unknown, of the wrong type, or out of its range."""


class CropStoreError(RecognitionError):
    """A crop store that is missing, damaged, unfinished, or does not match another."""


class TrainingError(RecognitionError):
    """A training that cannot start with its data, cannot be resumed, or has diverged."""


class WeightsError(RecognitionError):
    """A weights file that is missing, damaged, or does not match its model."""
