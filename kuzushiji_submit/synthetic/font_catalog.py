"""The brush fonts known to the generator: what each is good for, how much a hand leans on it, where it comes from."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from kuzushiji_submit.synthetic.chinese_shapes import REDRAWN, SIMPLIFIED
from kuzushiji_submit.synthetic.old_forms import FIRST_HENTAIGANA, KANA_FONTS, LAST_HENTAIGANA


class Script(Enum):
    """A kind of character, as fonts are good or bad at it."""

    KANA = "kana"
    KANJI = "kanji"
    HENTAIGANA = "hentaigana"
    OLD_KANA = "old kana"  # an old form at the code point of the modern kana
    OTHER = "other"


@dataclass(frozen=True)
class FontProfile:
    """What is known of a font.

    Attributes:
        word: a part of its file's or folder's name, in small letters; the first profile that fits is taken.
        weights: how much a hand leans on it for a script; scripts not named are not to be drawn with it.
        cursive: whether its kanji are grass script, fit to stand for a kana.
        shapes: simplified characters whose glyphs stand in for kanji that it lacks.
        misdrawn: characters at whose code point it draws another one.
        package: what to install or fetch it by; empty for fonts that are not known.
    """

    word: str
    weights: dict[Script, float]
    cursive: bool = False
    shapes: dict[str, str] = field(default_factory=dict)
    misdrawn: frozenset[str] = frozenset()
    package: str = ""


def _written(kana: float, kanji: float) -> dict[Script, float]:
    return {Script.KANA: kana, Script.KANJI: kanji, Script.OTHER: kana}


KNOWN_FONTS = (
    FontProfile("sousyo", _written(1.0, 1.0), cursive=True, package="fonts-kouzan-mouhitsu"),
    FontProfile("gyosho", _written(1.0, 0.9), package="fonts-kouzan-mouhitsu"),
    FontProfile("kouzan-mouhitsu", _written(0.6, 0.2), package="fonts-kouzan-mouhitsu"),
    FontProfile("aoyagikouzant", _written(0.6, 0.2), package="fonts-aoyagi-kouzan-t"),
    FontProfile("aoyagi-soseki", _written(0.6, 0.3), package="fonts-aoyagi-soseki"),
    FontProfile("ipamj", {Script.HENTAIGANA: 1.0}, package="fonts-ipamj-mincho"),
    FontProfile("akari", {Script.OLD_KANA: 1.0}, package="Yuji Hentaigana Akari (by hand)"),
    FontProfile("akebono", {Script.OLD_KANA: 1.0}, package="@fontsource/yuji-hentaigana-akebono"),
    FontProfile(
        "liu-jian",
        {Script.KANJI: 0.9},
        cursive=True,
        shapes=SIMPLIFIED | REDRAWN,
        misdrawn=frozenset(REDRAWN.values()),
        package="@fontsource/liu-jian-mao-cao",
    ),
    FontProfile(
        "zhi-mang",
        {Script.KANJI: 0.3},
        shapes=SIMPLIFIED,
        misdrawn=frozenset(REDRAWN),
        package="@fontsource/zhi-mang-xing",
    ),
    FontProfile("long-cang", {Script.KANJI: 0.3}, shapes=SIMPLIFIED, package="@fontsource/long-cang"),
    FontProfile("ma-shan", {Script.KANJI: 0.15}, shapes=SIMPLIFIED, package="@fontsource/ma-shan-zheng"),
    FontProfile("yuji-boku", _written(0.3, 0.15), package="@fontsource/yuji-boku"),
    FontProfile("yuji-mai", _written(0.3, 0.15), package="@fontsource/yuji-mai"),
    FontProfile("yuji-syuku", _written(0.3, 0.15), package="@fontsource/yuji-syuku"),
)
CURSIVE_WORDS = ("sosho", "草書")
SPELLINGS = {
    "liujian": "liu-jian",
    "zhimang": "zhi-mang",
    "longcang": "long-cang",
    "mashan": "ma-shan",
    "yujiboku": "yuji-boku",
    "yujimai": "yuji-mai",
    "yujisyuku": "yuji-syuku",
}


def profile_of(path: Path, names: tuple[str, ...] = ()) -> FontProfile:
    """What is known of a font by the name of its file or folder; one not known is taken for a hand of kana and kanji.

    Args:
        path: the file or folder.
        names: the names that the font gives itself.
    """
    name = path.name.lower()
    for spelling, usual in SPELLINGS.items():
        name = name.replace(spelling, usual)
    for profile in KNOWN_FONTS:
        if profile.word in name:
            return profile
    cursive = any(word in text.lower() for text in (path.name, *names) for word in CURSIVE_WORDS)
    return FontProfile("", _written(0.6, 0.6), cursive=cursive)


def known_font(path: Path) -> bool:
    """Whether a file or folder is one of the fonts of the list."""
    return profile_of(path).word != ""


def missing_packages(paths: list[Path]) -> list[str]:
    """What to fetch so that every font of the list is there."""
    held = {profile_of(path).word for path in paths}
    return list(dict.fromkeys(profile.package for profile in KNOWN_FONTS if profile.word not in held))


def script_of(character: str) -> Script:
    """The script of a character, as far as fonts differ by it."""
    code = ord(character)
    if FIRST_HENTAIGANA <= code <= LAST_HENTAIGANA:
        return Script.HENTAIGANA
    if 0x3041 <= code <= 0x30FF:
        return Script.KANA
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF:
        return Script.KANJI
    return Script.OTHER


def old_kana_of(path: Path) -> dict[str, str]:
    """The parent kanji of the form that a font draws at each kana, where it draws old forms there."""
    return KANA_FONTS.get(profile_of(path).word, {})
