import unicodedata

import pytest

from kuzushiji_submit.synthetic.old_forms import (
    FIRST_HENTAIGANA,
    LAST_HENTAIGANA,
    hentaigana_of,
    kana_forms,
    split_marks,
)


def test_every_hentaigana_is_a_form_of_a_kana_its_name_tells():
    used = set()
    for kana, forms in kana_forms().items():
        for form in forms:
            used.update(form.hentaigana)
            assert set(form.hentaigana) <= {*hentaigana_of(kana), chr(FIRST_HENTAIGANA)}
    assert used == {chr(code) for code in range(FIRST_HENTAIGANA, LAST_HENTAIGANA + 1)}


def test_modern_form_comes_first_and_parents_are_kanji():
    for kana, (modern, *old) in kana_forms().items():
        assert modern.parent == kana
        assert modern.weight > 0
        assert all(form.weight > 0 and "CJK" in unicodedata.name(form.parent) for form in old)
        assert len({form.parent for form in old}) == len(old)


def test_common_forms_outweigh_rare_ones():
    weights = {kana: {form.parent: form.weight for form in forms} for kana, forms in kana_forms().items()}
    for pair in ["の乃", "に尓", "は者", "か可", "す春", "た多", "し志", "る流", "な那", "ま満", "み三", "け介"]:
        kana, parent = pair
        assert weights[kana][parent] >= 3
    assert "".join(form.parent for form in kana_forms()["け"] if form.parent == "家") == "家"
    assert "家" in {form.parent for form in kana_forms()["か"]}


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("か", ("か", "")),
        ("が", ("か", "゛")),
        ("ぱ", ("は", "゜")),
        ("人", ("人", "")),
        ("ゞ", ("ゞ", "")),
        ("ガ", ("ガ", "")),
    ],
)
def test_marks_are_split_from_kana(character, expected):
    assert split_marks(character) == expected
