"""The named errors of the whole project, in one tree: whoever catches KuzushijiError catches them all.

- KuzushijiError
  - CompetitionFileError   a CSV of the competition that cannot be read or parsed
    - LabelsError          one labels cell that breaks the format
    - AnnotationError      a PAGE XML or COCO file that cannot be read, or holds no characters to train on
  - PageReadError          a page image that is missing, truncated or not an image, or pixels that are no page
  - WorkerError            a process that was killed while it worked on a page
  - SubmissionError        a submission that Kaggle would refuse or score as zero
  - PriorFileError         a text prior that is missing or damaged
  - RunError               a folder that holds no training run
  - ConfigError            a setting that is unknown, of the wrong type, or out of its range
    - DurationError          a text that is no duration
  - CharsetError           a charset that is empty, holds a codepoint twice, or does not match another
  - DeviceError            a device that does not exist, or that this machine lacks
  - WeightsError           a weights file that is missing, damaged, or does not match its model
  - CropStoreError         a crop store that is missing, damaged, unfinished, or does not match another
  - TrainingError          a training that cannot start with its data, cannot be resumed, or has diverged
  - DetectionError         the same of a detector: its prepared pages, its training
  - HiddenBookError        annotations of a book that may be in the competition's hidden test set
  - KernelError            a Kaggle kernel that cannot be built, or does not find what it needs
  - OutputError            a place that cannot be written, or must not be overwritten
  - KaggleError            anything that Kaggle or its client did not do
    - CredentialsError       none given, or refused
    - KaggleAccessError      the account has no right to it, such as before a competition's rules are accepted
    - KaggleNotFoundError    no such competition, kernel or dataset
    - KaggleBusyError        no answer, too many requests, trouble on Kaggle's side: worth trying again
    - KaggleRefusedError     asked properly and refused, such as over the daily limit of submissions
    - ScoringError           a submission that was not scored
    - KernelRunError         a kernel that failed or was cancelled
"""


class KuzushijiError(Exception):
    """Anything a user can put right: the message says what, where and what to do, in one line."""


class CompetitionFileError(KuzushijiError):
    """A file of the competition that is missing, has wrong columns, or cannot be parsed."""


class LabelsError(CompetitionFileError):
    """A labels cell that breaks the format."""


class AnnotationError(CompetitionFileError):
    """A file of annotations from elsewhere that cannot be read, or that is no truth of single characters."""


class PageReadError(KuzushijiError):
    """A page image that is missing, truncated or not an image, or an array that is no page's pixels."""


class WorkerError(KuzushijiError):
    """A process that was killed while it worked on a page."""


class SubmissionError(KuzushijiError):
    """A submission that Kaggle would refuse, or score as zero."""


class PriorFileError(KuzushijiError):
    """A text prior that is missing, damaged, or of another version."""


class RunError(KuzushijiError):
    """A folder that does not exist, or holds no training run."""


class ConfigError(KuzushijiError, ValueError):
    """A setting that is unknown, of the wrong type, or out of its range."""


class DurationError(ConfigError):
    """A text that is no duration."""


class CharsetError(KuzushijiError):
    """A charset that is empty, holds a codepoint twice, or does not match another."""


class DeviceError(KuzushijiError):
    """A device that does not exist, or that this machine lacks."""


class WeightsError(KuzushijiError):
    """A weights file that is missing, damaged, or does not match its model."""


class CropStoreError(KuzushijiError):
    """A crop store that is missing, damaged, unfinished, or does not match another."""


class TrainingError(KuzushijiError):
    """A training that cannot start with its data, cannot be resumed, or has diverged."""


class DetectionError(KuzushijiError):
    """A detector's prepared pages or training that cannot be used; the message says what to do."""


class HiddenBookError(KuzushijiError):
    """Annotations of a book that may be in the competition's hidden test set were about to be used."""


class KernelError(KuzushijiError):
    """A Kaggle kernel that cannot be built, or does not find what it needs among its inputs."""


class OutputError(KuzushijiError):
    """An output place that cannot be written or must not be overwritten."""


class KaggleError(KuzushijiError):
    """Anything that Kaggle or its client did not do.

    Attributes:
        status: the HTTP status of the answer, None if there was none.
        step: the remote procedure that failed last ("CreateSubmission"), or the method of a file transfer ("PUT").
        retry_after: seconds after which the server asks to be called again, None if it does not say.
    """

    def __init__(
        self, message: str, *, status: int | None = None, step: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.step = step
        self.retry_after = retry_after


class CredentialsError(KaggleError):
    """Credentials that are missing or refused."""


class KaggleAccessError(KaggleError):
    """The account has no right to what was asked for."""


class KaggleNotFoundError(KaggleError):
    """A competition, kernel or dataset that Kaggle does not know."""


class KaggleBusyError(KaggleError):
    """No answer, too many requests, or trouble on Kaggle's side."""


class KaggleRefusedError(KaggleError):
    """Asked properly and refused."""


class ScoringError(KaggleError):
    """A submission that was not scored."""


class KernelRunError(KaggleError):
    """A kernel that failed or was cancelled."""
