"""What a text may contain, and how names and titles are brought into one form.

Used for everything that people type or send: forms and spreadsheets alike.
"""

from __future__ import annotations

import re
import unicodedata

from models.errors import JinbangError

_CJK = "\u2e80-\u2fdf\u3005\u3007\u31c0-\u31ef\u3400-\u4dbf\u4e00-\u9fff\ue000-\uf8ff\uf900-\ufaff\U00020000-\U000323af"
# U+E000 to U+F8FF are private: older systems still hold rare characters of names there.
DOTS = "·•．.・‧∙⋅"
"""What keyboards give for the dot between the parts of a long Chinese name."""
_SPACE_IN_CJK = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")
_DOT_IN_CJK = re.compile(rf"(?<=[{_CJK}])\s*[{re.escape(DOTS)}]\s*(?=[{_CJK}])")
_HAS_CJK = re.compile(rf"[{_CJK}]")
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HALFWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
_PILE = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe20-\ufe2f]{16}")
_LONG_FAMILY_NAMES = re.compile(
    "欧阳|司马|上官|诸葛|司徒|东方|独孤|南宫|夏侯|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|司空|端木|轩辕|澹台|赫连|呼延|申屠|闻人|公冶"
)
_SUSPECT = re.compile(r"[^\n\t -~\u3400-\u9fff\u3000-\u303f\uff01-\uff5e]")


class TextRefused(JinbangError):
    """A text holds what no field may hold."""

    def __init__(self, what: str, position: int | None = None, *, zh: str) -> None:
        self.what = what
        """The reason, in words. `zh` is the reason and the remedy, in one Chinese sentence."""
        self.position = position
        """Number of the offending character, from 1; None where the whole text is meant."""
        super().__init__(what if position is None else f"{what} at character {position}", zh=zh)


def clean(text: str, *, max_length: int, drop_invisible: bool = False) -> str:
    """Bring a text into the form in which it is stored: NFC, newline as line end, no white space at its ends.

    Args:
        text: As it was typed.
        max_length: Characters that the result may have.
        drop_invisible: Take zero-width and bidirectional marks out instead of refusing them: cells copied from
            chats and documents carry them unseen, and whoever sends a spreadsheet cannot find them.

    Raises:
        TextRefused: a control character, half a surrogate pair, a noncharacter, an invisible mark, or too long.

    """
    # Normalising takes long for hopeless lengths, and quadratic time for piles of marks: both end here.
    if len(text) > 4 * max_length + 64:
        raise _too_long(text, max_length)
    text = _LINE_ENDS.sub("\n", text)
    if drop_invisible:
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    if pile := _PILE.search(text):
        place = pile.start() + 1
        raise TextRefused("a pile of accents on one letter", place, zh=f"第 {place} 个字符上叠加了过多的符号，请重新输入")
    for found in _SUSPECT.finditer(text):
        if reason := _refusal(found.group()):
            zh = f"第 {found.start() + 1} 个字符是不能保存的符号（U+{ord(found.group()):04X}），请删去后重新输入"
            raise TextRefused(reason, found.start() + 1, zh=zh)
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > max_length:
        raise _too_long(text, max_length)
    return text


def _too_long(text: str, most: int) -> TextRefused:
    zh = f"共 {len(text):,} 字，最多 {most:,} 字，请删减"
    return TextRefused(f"{len(text):,} characters; at most {most:,} are allowed", zh=zh)


def _refusal(char: str) -> str:
    code, category = ord(char), unicodedata.category(char)
    if char in _BIDI:
        return f"a mark that turns the direction of writing (U+{code:04X})"
    if category == "Cc":
        return f"a control character (U+{code:04X})"
    if category == "Cs":
        return f"half of a surrogate pair (U+{code:04X})"
    if category == "Cf":
        return f"an invisible character (U+{code:04X})"
    if 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE:
        return f"a code that is no character (U+{code:04X})"
    return ""


def halfwidth(text: str) -> str:
    """Give the text with full-width letters, digits and signs as their ASCII forms, and wide spaces as spaces."""
    return text.translate(_HALFWIDTH)


def clean_name(text: str) -> str:
    """Give a person's name as it is stored and compared: no spaces inside Chinese names, `·` between the parts of long ones.

    Printed tables stretch 张　三 to line up; Latin names keep one space between words.
    """
    name = _DOT_IN_CJK.sub("·", " ".join(text.split()))
    name = _SPACE_IN_CJK.sub("", name)
    return name if _HAS_CJK.search(name) and not re.search(r"[Ａ-Ｚａ-ｚ]", name) else " ".join(halfwidth(name).split())


def masked_name(name: str) -> str:
    """A name of which only the family name is shown: enough for the right person, too little for anybody else."""
    bare = clean_name(name)
    family = _LONG_FAMILY_NAMES.match(bare)
    return f"{family.group() if family else bare[:1]}**"


def clean_unit(text: str) -> str:
    """Give the name of a unit as it is stored and compared: no spaces between Chinese characters, one kind of brackets.

    Conflicts of interest go by equal unit names, so spelling must not hide one.
    """
    unit = _SPACE_IN_CJK.sub("", " ".join(halfwidth(text).split()))
    if not _HAS_CJK.search(unit):
        return unit
    return re.sub(r"\s*\(\s*", "（", re.sub(r"\s*\)", "）", unit))


def normalise_title(text: str) -> str:
    """Give a title as it is compared for duplicates (rule N4): no case, width, punctuation or spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "PZC")
