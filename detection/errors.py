"""The named errors of the detection package."""


class DetectionError(Exception):
    """Anything a caller can put right: the message says what, where and what to do."""
