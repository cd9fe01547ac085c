"""The kernel that reads the test pages."""

from collections.abc import Mapping

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.kaggle_kernels.find_inputs import find_competition, find_weights
from kuzushiji_submit.kaggle_kernels.lay_out_data import lay_out_data
from kuzushiji_submit.kaggle_kernels.predict_pages import Weights, predict_pages
from kuzushiji_submit.kaggle_kernels.session import Session, run_session

RECOGNIZER = "recognizer.safetensors"
DETECTOR = "detector.safetensors"
PRIOR = "prior.safetensors"


def run_predict(values: Mapping[str, object]) -> int:
    """Finds pages and weights among the inputs, goes on from an earlier run, and leaves submission and report.

    Args:
        values: the settings at the head of the code file.

    Returns:
        the exit code: 1 if nothing came out of the run.
    """
    return run_session("predict", values, _predict)


def _predict(session: Session) -> None:
    competition = find_competition(session.roots.inputs)
    weights = find_all_weights(session)
    session.note(
        competition=str(competition),
        weights={
            "recognizer": str(weights.recognizer),
            "detector": str(weights.detector or "ink"),
            "prior": str(weights.prior or "none"),
        },
    )
    data = lay_out_data(competition, session.roots.scratch, ["test_images"])
    predict_pages(session, data, weights)


def find_all_weights(session: Session) -> Weights:
    """The weights among the inputs.

    Raises:
        KernelError: if there are none for the recognizer, or several that differ.
    """
    inputs, settings = session.roots.inputs, session.settings
    recognizer = find_weights(inputs, RECOGNIZER, settings.recognizer_weights)
    if recognizer is None:
        raise KernelError(f"{inputs}: no {RECOGNIZER} there: attach a data set or a training kernel that has it")
    detector = find_weights(inputs, DETECTOR, settings.detector_weights)
    return Weights(recognizer, detector, find_weights(inputs, PRIOR))
