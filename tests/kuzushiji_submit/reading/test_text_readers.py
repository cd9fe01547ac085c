"""Steps of a text prior and a column model, for any weight."""

import pytest

from kuzushiji_submit.core.errors import PriorFileError, WeightsError
from kuzushiji_submit.reading.column.config import ColumnConfig
from kuzushiji_submit.reading.column.step import ColumnStep
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.step import ContextStep
from kuzushiji_submit.reading.prior.kneser_ney import estimate
from kuzushiji_submit.reading.prior.prior_file import save_prior
from kuzushiji_submit.reading.step_files import NO_FILES, StepFiles
from kuzushiji_submit.reading.text_readers import WEIGHTS, TextReaders
from tests.kuzushiji_submit.conftest import CODEPOINTS


@pytest.fixture
def both(tmp_path, column_model):
    prior = tmp_path / "prior.safetensors"
    save_prior(prior, estimate([["U+306E", "U+4E00"] * 8], 3))
    return StepFiles(prior, column_model)


def kinds(files, column=None, **context):
    steps = TextReaders(files, CODEPOINTS, column or ColumnConfig()).steps(ContextConfig(**context))
    return [type(step) for step in steps]


def test_the_column_model_speaks_after_the_prior(both):
    assert kinds(both) == [ContextStep, ColumnStep]
    assert kinds(StepFiles(both.prior)) == [ContextStep]
    assert kinds(StepFiles(column=both.column)) == [ColumnStep]
    assert kinds(NO_FILES) == []


def test_where_nothing_would_change_no_file_is_opened(tmp_path):
    files = StepFiles(tmp_path / "no prior", tmp_path / "no model")
    assert kinds(files, weight=0.0) == []
    assert kinds(files, enabled=False) == []
    with pytest.raises(PriorFileError, match="no prior"):
        kinds(files)
    with pytest.raises(WeightsError, match="no model"):
        kinds(files, ColumnConfig(weight=0.5), weight=0.0)


def test_a_column_model_with_a_weight_of_its_own_needs_no_text(both):
    assert kinds(both, ColumnConfig(weight=0.5), weight=0.0) == [ColumnStep]
    assert kinds(both, ColumnConfig(enabled=False)) == [ContextStep]


def test_both_have_the_weight_that_is_tried(both):
    tried = TextReaders(both, CODEPOINTS, ColumnConfig()).to_choose_from(ContextConfig(beam=5))
    assert tuple(tried) == WEIGHTS
    assert tried.pop(0.0) == ()
    for weight, (prior, column) in tried.items():
        assert prior.context.config == ContextConfig(weight=weight, beam=5)
        assert column.context == ContextConfig(weight=weight, beam=5)
    assert len({id(column.model) for _, column in tried.values()}) == 1  # loaded once
    assert len({id(prior.context.prior) for prior, _ in tried.values()}) == 1


def test_where_there_is_nothing_to_choose_nothing_is_tried(both):
    def tried(files, column=None, **context):
        return TextReaders(files, CODEPOINTS, column or ColumnConfig()).to_choose_from(ContextConfig(**context))

    alone = StepFiles(column=both.column)
    assert len(tried(alone)) == len(WEIGHTS)
    assert tried(NO_FILES) == {}
    assert tried(both, weight=0.5) == {}
    assert tried(alone, ColumnConfig(weight=0.5)) == {}
