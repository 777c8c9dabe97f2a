"""Names as they are written in different scripts and customs, made comparable. Pure; no dictionary of real people.

Latin, Cyrillic, Greek and kana have spellings in Latin letters that agree well enough to be compared with each other. Ideographs
and Hangul do not: they are compared with their like only.
"""

from __future__ import annotations

import re
import unicodedata

_LETTERS = {
    "ß": "ss", "ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ŋ": "n", "ə": "e", "ħ": "h",
    # Cyrillic (ISO 9 and passports agree on most; what differs falls together in `sound`)
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "є": "ie", "ж": "zh", "з": "z", "и": "i",
    "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ў": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e",
    "ю": "iu", "я": "ia", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "ђ": "dj", "џ": "dz", "ѓ": "g", "ќ": "k", "ѕ": "dz",
    # Greek (ELOT 743)
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m",
    "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps",
    "ω": "o",
}  # fmt: skip
_GREEK_PAIRS = {"ου": "u", "μπ": "b", "ντ": "d", "γγ": "ng", "γκ": "gk", "αυ": "av", "ευ": "ev"}
_ROWS = {
    "": "あいうえお", "k": "かきくけこ", "g": "がぎぐげご", "s": "さしすせそ", "z": "ざじずぜぞ", "t": "たちつてと", "d": "だぢづでど",
    "n": "なにぬねの", "h": "はひふへほ", "b": "ばびぶべぼ", "p": "ぱぴぷぺぽ", "m": "まみむめも", "r": "らりるれろ",
}  # fmt: skip
_KANA = {sign: row + vowel for row, signs in _ROWS.items() for sign, vowel in zip(signs, "aiueo", strict=True)}
_KANA |= {"し": "shi", "じ": "ji", "ち": "chi", "つ": "tsu", "ふ": "fu", "ぢ": "ji", "づ": "zu", "や": "ya", "ゆ": "yu", "よ": "yo",
          "わ": "wa", "を": "o", "ん": "n", "ゔ": "vu", "ー": "", "ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o"}  # fmt: skip
_SMALL_Y = {"ゃ": "a", "ゅ": "u", "ょ": "o"}
# Forms of one ideograph that names are written with: simplified, traditional, Japanese, older.
_FORMS = (
    "张張 陈陳 刘劉 杨楊 赵趙 吴吳 孙孫 马馬 罗羅 郑鄭 谢謝 许許 冯馮 韩韓 邓鄧 萧蕭肖 苏蘇 "
    "卢盧 蒋蔣 贾賈 叶葉 阎閻闫 钟鍾鐘 谭譚 陆陸 邹鄒 龙龍竜 万萬 钱錢 汤湯 严嚴 贺賀 赖賴 "
    "龚龔 伟偉 丽麗 华華 国國 东東 军軍 红紅 兰蘭 凤鳳 荣榮栄 庆慶 强強 飞飛 晓曉 艳艷 静靜 "
    "杰傑 宁寧 义義 辉輝 斎斉齋齊 沢澤 辺邊邉 浜濱 高髙 崎﨑嵜 広廣广 桜櫻樱 真眞 恵惠 寿壽 "
    "徳德 黄黃 吕呂 温溫 顾顧 聂聶 邱丘 鲁魯 简簡 关關 乔喬 欧歐 黒黑 岛島 桥橋 宫宮 冈岡 "
    "泽沢 塩鹽盐 滝瀧 栄荣 礼禮 尧堯 学學 爱愛 灵靈 云雲 玛瑪 娅婭 维維 纲綱 刚剛 鹏鵬 鸿鴻 "
    "颖穎"
).split()
_SAME_SIGN = {sign: forms[0] for forms in reversed(_FORMS) for sign in forms}
_PAIRED = {"ou": "o", "oo": "o", "uu": "u", "ii": "i", "ee": "i", "oe": "o", "ae": "a", "ue": "u", "aa": "a", "ea": "i"}


def _kind(sign: str) -> str:
    code = ord(sign)
    if 0x3040 <= code <= 0x30FF:
        return "kana"
    if (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
        or sign == "々"
    ):
        return "ideograph"
    if 0xAC00 <= code <= 0xD7A3:
        return "hangul"
    return "letter" if sign.isalpha() else ""


def _latin(word: str) -> str:
    """A word of Latin, Cyrillic or Greek letters or kana in plain small Latin letters; other scripts give ""."""
    word = unicodedata.normalize("NFKC", word).lower()
    if any(_kind(sign) == "kana" for sign in word):
        return _romaji(word)
    plain = "".join(c for c in unicodedata.normalize("NFKD", word.replace("й", "и")) if not unicodedata.combining(c))
    for pair, letters in _GREEK_PAIRS.items():
        plain = plain.replace(pair, letters)
    return re.sub(r"[^a-z]", "", "".join(_LETTERS.get(sign, sign) for sign in plain))


def _romaji(word: str) -> str:
    out = ""
    for sign in word:
        if 0x30A1 <= ord(sign) <= 0x30F4:
            sign = chr(ord(sign) - 0x60)
        if sign in _SMALL_Y and out.endswith("i"):
            out = out[:-1] + ("" if out.endswith(("shi", "chi", "ji")) else "y") + _SMALL_Y[sign]
        elif sign != "っ":
            out += _KANA.get(sign, "")
    return out


def words(name: str) -> list[str]:
    """Parts of a name in plain Latin letters, in the order written; "O'Brien-Smith" has two: obrien, smith."""
    name = re.sub(r"['’ʼ`´.\u0300-\u036f]", "", unicodedata.normalize("NFC", name))
    parts = re.findall(r"[^\W\d_]+", name)
    return [plain for part in parts if (plain := _latin(part))]


def signs(name: str) -> str:
    """The ideographs and Hangul of a name, without spaces, each in the first of its forms."""
    found = (sign for sign in unicodedata.normalize("NFKC", name) if _kind(sign) in ("ideograph", "hangul"))
    return "".join(_SAME_SIGN.get(sign, sign) for sign in found)


def sound(word: str) -> str:
    """Spellings that stand for the same: Mueller and Müller, Yuliya and Iuliia, Satoh and Satou, Mohammed and Mohamed."""
    word = word.replace("shch", "s").replace("sch", "s").replace("tsch", "c")
    for pair, letter in (("ph", "f"), ("ck", "k"), ("cz", "c"), ("ts", "c"), ("tz", "c"), ("ks", "x"), ("dj", "j"), ("w", "v"),
                         ("q", "k"), ("sz", "s"), ("dh", "d")):  # fmt: skip
        word = word.replace(pair, letter)
    word = re.sub(r"(?<=[bcdfgklmnpqrstvxz])h", "", word)
    word = re.sub(r"(?<=[aeiou])h(?![aeiou])", "", word).replace("kh", "h")
    word = word.replace("y", "i").replace("j", "i")
    word = re.sub(r"i(?=[aeou])", "", word) if len(word) > 3 else word
    for pair, letter in _PAIRED.items():
        word = word.replace(pair, letter)
    return re.sub(r"(.)\1+", r"\1", word)


def bones(word: str) -> str:
    """The consonants, for names whose vowels are anybody's guess (Muhammad, Mohamed)."""
    return re.sub(r"[aeiou]", "", sound(word))
