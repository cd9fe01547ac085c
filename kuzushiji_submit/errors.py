"""The named errors of the run, in one tree.

- KuzushijiError
  - CompetitionFileError   a CSV of the competition that cannot be read or parsed
    - LabelsError          one labels cell that breaks the format
  - PageReadError          a page image that is missing, truncated or not an image
  - SubmissionError        a submission that Kaggle would refuse or score as zero
  - ConfigError            an unknown key or a value of the wrong type
  - OutputError            a place that cannot be written, or must not be overwritten

`detection.errors` and `recognition.errors` hold the errors of those packages; the command line catches all three.
"""


class KuzushijiError(Exception):
    """Anything a user can put right: the message says what, where and what to do, in one line."""


class CompetitionFileError(KuzushijiError):
    """A file of the competition that is missing, has wrong columns, or cannot be parsed."""


class LabelsError(CompetitionFileError):
    """A labels cell that breaks the format."""


class PageReadError(KuzushijiError):
    """A page image that is missing, truncated or not an image."""


class SubmissionError(KuzushijiError):
    """A submission that Kaggle would refuse, or score as zero."""


class ConfigError(KuzushijiError):
    """An unknown configuration key or a value of the wrong type."""


class OutputError(KuzushijiError):
    """An output place that cannot be written or must not be overwritten."""
