from pathlib import Path

import pytest

from kuzushiji_submit.synthetic.font_catalog import KNOWN_FONTS, Script, missing_packages, profile_of, script_of


@pytest.mark.parametrize(
    ("name", "scripts", "cursive"),
    [
        ("KouzanBrushFontSousyo.ttf", {Script.KANA, Script.KANJI, Script.OTHER}, True),
        ("kouzan-mouhitsu-gyosho.ttf", {Script.KANA, Script.KANJI, Script.OTHER}, False),
        ("ipamjm.ttf", {Script.HENTAIGANA}, False),
        ("YujiHentaiganaAkari-Regular.ttf", {Script.OLD_KANA}, False),
        ("liu-jian-mao-cao", {Script.KANJI}, True),
        ("LiuJianMaoCao-Regular.ttf", {Script.KANJI}, True),
        ("long-cang", {Script.KANJI}, False),
        ("LongCang-Regular.ttf", {Script.KANJI}, False),
        ("ma-shan-zheng", {Script.KANJI}, False),
        ("YujiBoku-Regular.ttf", {Script.KANA, Script.KANJI, Script.OTHER}, False),
        ("yuji-syuku", {Script.KANA, Script.KANJI, Script.OTHER}, False),
        ("unknown.ttf", {Script.KANA, Script.KANJI, Script.OTHER}, False),
        ("unknown-sosho.ttf", {Script.KANA, Script.KANJI, Script.OTHER}, True),
    ],
)
def test_profile_by_name(name, scripts, cursive):
    profile = profile_of(Path(name))
    assert set(profile.weights) == scripts
    assert profile.cursive is cursive


@pytest.mark.parametrize(
    ("character", "script"),
    [("は", Script.KANA), ("ハ", Script.KANA), ("人", Script.KANJI), ("𠀋", Script.KANJI), ("α", Script.OTHER)],
)
def test_script_of_a_character(character, script):
    assert script_of(character) is script
    assert script_of(chr(0x1B001)) is Script.HENTAIGANA


def test_missing_packages_are_those_of_fonts_not_named():
    assert set(missing_packages([])) == {profile.package for profile in KNOWN_FONTS}
    assert "fonts-ipamj-mincho" not in missing_packages([Path("ipamjm.ttf")])
