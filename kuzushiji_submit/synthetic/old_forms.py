"""The forms that a kana takes in old books: its parent kanji, how common each form is, and where fonts keep it.

Before 1900 a kana was any of several cursive kanji of its sound (hentaigana); a transcription names only the modern
kana. A form is named by its parent kanji, the modern form by the kana itself:

    は  ->  者 6   八 5   は 4   盤 1   波 0.7 ...

Which parent stands behind a hentaigana was read off IPAmj Mincho's glyphs, and is not yet compared with Unicode's list;
which kana it writes is its name's (`HENTAIGANA LETTER KA-KE` writes か and け). The weights are classes of frequency
and not counts: general knowledge of kuzushiji primers, which teach the same few forms first (は者八, に尓, か可, す春,
た多, し志, る流 ...): these got the weights from 2 upwards; the rest are what books hold here and there.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

FIRST_HENTAIGANA, LAST_HENTAIGANA = 0x1B001, 0x1B11E

# Kana, weight of its modern form, then each old form: parent kanji, weight, numbers of its hentaigana in Unicode's
# names ("3,4" of か: KA-3 and KA-4; "KA-KE" where a name tells two kana; - for none).
_TABLE = """
あ 10 | 阿 2 3 | 安 1 1 | 愛 .2 2 | 惡 .1 A-WO
い 10 | 以 2 1 | 伊 .7 2 | 意 .1 3 | 移 .1 4
う 10 | 宇 1 1,2 | 有 .5 4 | 雲 .1 5 | 憂 .05 3
え 5 | 江 4 1B001 | 衣 2 4,5 | 要 .1 6 | 盈 .05 2 | 縁 .05 3
お 10 | 於 4 1,2 | 隠 .05 3
か 7 | 可 7 3,4 | 加 1 2 | 閑 .3 9 | 賀 .2 8 | 家 .2 KA-KE | 嘉 .1 5 | 我 .1 6 | 歟 .1 7 | 香 .1 10 | 駕 .05 11 | 佳 .05 1
き 8 | 起 3 8 | 支 1.5 4 | 幾 1 2,3 | 喜 .4 1 | 木 .2 5 | 貴 .1 7 | 祈 .05 6
く 12 | 具 1 6 | 久 1 1,2 | 九 .2 3 | 求 .1 7 | 倶 .1 5 | 供 .05 4
け 6 | 介 4 1,2 | 遣 1.5 6 | 計 1.5 5 | 氣 1 4 | 希 .3 3 | 家 .2 KA-KE
こ 9 | 古 3 1 | 故 .5 2 | 許 .3 3 | 期 .1 KO-KI
さ 8 | 左 3 4 | 佐 1.5 2,3 | 散 .2 6 | 差 .05 5 | 沙 .05 8 | 乍 .05 1 | 斜 .05 7
し 10 | 志 4 5 | 之 1.5 1,2 | 新 .2 6 | 四 .1 4 | 事 .05 3
す 6 | 春 5 5,6 | 須 1.5 7,8 | 寸 1 - | 壽 .3 2 | 數 .3 3,4 | 受 .05 1
せ 10 | 世 2 1,2,3 | 勢 .7 4 | 聲 .05 5
そ 8 | 曽 2 3,4 | 楚 2 5 | 所 .5 1,2 | 蘇 .1 6 | 處 .05 7
た 6 | 多 6 2,3 | 堂 2 1 | 太 1 - | 當 .1 4
ち 10 | 知 1.5 4,5 | 地 .5 2 | 千 .3 1 | 致 .1 6 | 智 .05 3 | 遅 .05 7
つ 9 | 徒 3 TU-TO | 川 1.5 1,2 | 津 1 3 | 都 .2 4
て 12 | 天 .8 4,5,6 | 帝 .5 7 | 亭 .3 1 | 弖 .2 8 | 傳 .1 3 | 低 .05 2 | 轉 .05 9
と 12 | 登 1.5 4,5 | 止 1 - | 東 .2 3 | 等 .2 TO-RA | 度 .1 2 | 土 .1 1 | 徒 .1 TU-TO | 砥 .05 6
な 7 | 奈 4 3,4,5 | 那 3 7,8 | 名 .4 2 | 難 .2 9 | 南 .1 1 | 菜 .1 6
に 5 | 尓 6 5,6 | 耳 2 7 | 丹 1 1 | 仁 .7 3 | 二 .5 2 | 児 .1 4 | 而 .05 NI-TE
ぬ 10 | 奴 1 2 | 怒 .2 3 | 努 .1 1
ね 7 | 年 2.5 1,2,3 | 祢 2.5 6 | 根 .2 4 | 子 .2 NE-KO | 熱 .05 5
の 8 | 乃 5 1 | 能 3 3,4 | 農 .5 5 | 濃 .1 2
は 4 | 者 6 8,9 | 八 5 1 | 盤 1 5,6 | 波 .7 4 | 婆 .2 3 | 半 .1 2 | 葉 .1 10 | 破 .05 7 | 頗 .05 11
ひ 9 | 比 2 3 | 飛 2 6,7 | 日 .2 2 | 非 .1 5 | 悲 .1 1 | 避 .05 4
ふ 8 | 婦 2 2 | 不 2 1 | 布 .5 3
へ 12 | 遍 .8 4 | 部 .5 7 | 邊 .2 5,6 | 倍 .05 1 | 弊 .05 2,3
ほ 7 | 本 3 6,7 | 保 2 1,2 | 報 .1 3 | 奉 .1 4 | 寶 .1 5 | 豊 .05 8
ま 8 | 満 4 4,5 | 末 2 2,3 | 万 2 1 | 萬 .3 6 | 麻 .2 7
み 5 | 三 4 1 | 見 2 6 | 美 2 3,4,5 | 身 .2 7 | 微 .1 2
む 8 | 武 2 1 | 無 1.5 2 | 无 1 N-MU-MO-1,N-MU-MO-2 | 牟 .3 3 | 舞 .2 4
め 8 | 免 4 1 | 女 1 - | 面 .2 2 | 馬 .1 ME-MA
も 8 | 毛 4 2,3,4 | 茂 1 5 | 母 .5 1 | 裳 .1 6 | 无 .1 N-MU-MO-1
や 9 | 也 3 1,2 | 屋 1 3 | 耶 .2 4,5 | 夜 .1 YA-YO
ゆ 9 | 由 3 2,3 | 遊 .8 4 | 游 .1 1
よ 9 | 与 3 3,4,5 | 餘 .3 6 | 余 .3 2 | 代 .1 1 | 夜 .1 YA-YO
ら 9 | 良 3 2,3,4 | 羅 1 1 | 等 .1 TO-RA
り 8 | 里 4 6 | 利 2 1,2 | 理 .2 5 | 李 .1 3 | 梨 .05 4 | 離 .05 7
る 7 | 留 3 2,3,4 | 流 3 1 | 累 1 5 | 類 .2 6
れ 7 | 連 4 3 | 禮 2 1,2 | 礼 1 - | 麗 .1 4
ろ 8 | 呂 2 1,2 | 路 1 5 | 露 .3 6 | 樓 .1 4 | 婁 .1 3
わ 6 | 王 3 4,5 | 和 2 2,3 | 倭 .1 1
ゐ 6 | 井 3 1,2 | 為 2 4 | 居 .3 3 | 遺 .05 5
ゑ 7 | 恵 2 - | 惠 1 1 | 衛 .5 2,3,4
を 6 | 越 4 5 | 遠 4 6,7 | 乎 .5 1,2 | 尾 .1 3 | 緒 .1 4
ん 10 | 无 1 N-MU-MO-1,N-MU-MO-2
"""  # noqa: E501 - one kana a line

_ROMAN = {
    **dict(zip("あいうえおかきくけこ", ["A", "I", "U", "E", "O", "KA", "KI", "KU", "KE", "KO"], strict=True)),
    **dict(zip("さしすせそたちつてと", ["SA", "SI", "SU", "SE", "SO", "TA", "TI", "TU", "TE", "TO"], strict=True)),
    **dict(zip("なにぬねのはひふへほ", ["NA", "NI", "NU", "NE", "NO", "HA", "HI", "HU", "HE", "HO"], strict=True)),
    **dict(zip("まみむめもやゆよらり", ["MA", "MI", "MU", "ME", "MO", "YA", "YU", "YO", "RA", "RI"], strict=True)),
    **dict(zip("るれろわゐゑをん", ["RU", "RE", "RO", "WA", "WI", "WE", "WO", "N"], strict=True)),
}

# Fonts that draw an old form at the kana's own code point, by a word of their name: which form stands at which kana.
_KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわゐゑをん"
_AKARI = "安以宇衣於加幾く計古左し寸世曽多知川天登奈尓怒祢乃波比不部保末美無免毛也由与良利留礼呂和為恵遠ん"
_AKEBONO = "阿伊有江於可支具介故佐志春勢楚太千徒亭東那耳努年能者飛婦遍本満見舞面裳耶遊余羅里流連路王井衛越无"
KANA_FONTS = {
    "akari": dict(zip(_KANA, _AKARI, strict=True)),
    "akebono": dict(zip(_KANA, _AKEBONO, strict=True)),
}


@dataclass(frozen=True)
class KanaForm:
    """One way to write a kana.

    Attributes:
        parent: the kanji it comes from; the kana itself for the modern form.
        weight: how common it is among the forms of its kana, in no unit.
        hentaigana: the characters of Unicode that draw it.
    """

    parent: str
    weight: float
    hentaigana: str = ""


@cache
def kana_forms() -> dict[str, tuple[KanaForm, ...]]:
    """The forms of each of the 48 kana without marks, the modern one first."""
    return dict(_parsed(line) for line in _TABLE.strip().splitlines())


def split_marks(character: str) -> tuple[str, str]:
    """A kana as its base and its mark: が is か and ゛, ぱ is は and ゜; other characters have no mark."""
    parts = unicodedata.normalize("NFD", character)
    marks = {"\u3099": "゛", "\u309a": "゜"}
    if len(parts) == 2 and parts[1] in marks and parts[0] in _ROMAN:
        return parts[0], marks[parts[1]]
    return character, ""


def hentaigana_of(kana: str) -> str:
    """Every hentaigana whose name in Unicode tells the kana, in the order of their code points."""
    sound = _ROMAN[kana]
    return "".join(
        chr(code)
        for code in range(FIRST_HENTAIGANA, LAST_HENTAIGANA + 1)
        if sound in unicodedata.name(chr(code), "").removeprefix("HENTAIGANA LETTER ").split("-")
    )


def _parsed(line: str) -> tuple[str, tuple[KanaForm, ...]]:
    head, *entries = line.split(" | ")
    kana, weight = head.split()
    forms = [KanaForm(kana, float(weight))]
    for entry in entries:
        parent, own_weight, numbers = entry.split()
        characters = "" if numbers == "-" else "".join(_hentaigana(kana, number) for number in numbers.split(","))
        forms.append(KanaForm(parent, float(own_weight), characters))
    return kana, tuple(forms)


def _hentaigana(kana: str, number: str) -> str:
    if number == "1B001":  # HIRAGANA LETTER ARCHAIC YE stands among the hentaigana, and comes from 江
        return chr(FIRST_HENTAIGANA)
    name = number if number[0].isalpha() else f"{_ROMAN[kana]}-{number}"
    return unicodedata.lookup(f"HENTAIGANA LETTER {name}")
