"""What every kind of weights asks of its record."""

import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, WeightsError
from kuzushiji_submit.core.weights_record import WeightsRecord, settings_of


def test_a_record_gives_its_characters():
    charset = Charset(("U+3042", "U+3044"))
    assert WeightsRecord("reader", "small", charset=charset).require_charset("file") is charset


def test_a_record_without_characters_says_what_to_do():
    with pytest.raises(WeightsError, match=r"file: weights of a reader without its charset: export them again"):
        WeightsRecord("reader", "small").require_charset("file")


def test_settings_that_are_unknown_are_the_file_s_fault():
    with pytest.raises(WeightsError, match=r"file: no such width: use a file that this version"), settings_of("file"):
        raise ConfigError("no such width")


def test_other_errors_are_not():
    with pytest.raises(WeightsError, match=r"^of another kind$"), settings_of("file"):
        raise WeightsError("of another kind")
