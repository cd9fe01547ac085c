"""Which files read a page again."""

import pytest

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.reading.column.config import ColumnConfig
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.load_pipeline import PipelineConfig
from kuzushiji_submit.reading.second_level.config import SecondLevelConfig
from kuzushiji_submit.reading.step_files import NO_FILES, StepFiles

NAMES = ("prior", "column", "level")


@pytest.fixture
def given(tmp_path):
    paths = [tmp_path / name for name in NAMES]
    for path in paths:
        path.touch()
    return paths


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The project's own prior and column model."""
    for name in ("TEXT_PRIOR", "COLUMN_MODEL"):
        monkeypatch.setattr(default_weights, name, tmp_path / name)
        (tmp_path / name).touch()
    return tmp_path / "TEXT_PRIOR", tmp_path / "COLUMN_MODEL"


def test_what_is_given_goes_before_what_comes_with_the_project(given, own):
    assert StepFiles.chosen(PipelineConfig(), *given) == StepFiles(*given)
    assert StepFiles.chosen(PipelineConfig()) == StepFiles(*own, None)


def test_a_project_without_a_column_model_reads_without_one_and_says_nothing(own, caplog):
    own[1].unlink()
    assert StepFiles.chosen(PipelineConfig()) == StepFiles(own[0])
    assert caplog.text == ""
    assert StepFiles(None, None, None) == NO_FILES


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"context": ContextConfig(enabled=False)}, ("level",)),
        ({"context": ContextConfig(weight=0.0)}, ("level",)),
        ({"context": ContextConfig(weight=0.0), "column": ColumnConfig(weight=0.5)}, ("column", "level")),
        ({"column": ColumnConfig(enabled=False)}, ("prior", "level")),
        ({"column": ColumnConfig(weight=0.0)}, ("prior", "level")),
        ({"second_level": SecondLevelConfig(enabled=False)}, ("prior", "column")),
    ],
)
def test_what_the_settings_turn_off_need_not_even_be_there(given, settings, kept):
    for path in given:
        if path.name not in kept:
            path.unlink()
    expected = (path if path.name in kept else None for path in given)
    assert StepFiles.chosen(PipelineConfig(**settings), *given) == StepFiles(*expected)


def test_what_was_asked_for_and_is_missing_is_an_error(given):
    given[1].unlink()
    with pytest.raises(CompetitionFileError, match=r"column: no column model: train one \(kuzushiji train column\)"):
        StepFiles.chosen(PipelineConfig(), *given)
