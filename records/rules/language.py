"""Which language is a text in? By its script, else by small words that every text of a language is full of. No model, no network."""

from __future__ import annotations

import re

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")), ("ko", re.compile(r"[\uac00-\ud7af]")), ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")), ("he", re.compile(r"[\u0590-\u05ff]")), ("hi", re.compile(r"[\u0900-\u097f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")), ("ru", re.compile(r"[\u0400-\u04ff]")), ("th", re.compile(r"[\u0e00-\u0e7f]")),
)  # fmt: skip
_SMALL = {
    "en": (
        "the of and to is was with for in on no this are were has been at by from or not which be patient report date "
        "result normal name history findings rate study test daily mild left right"
    ),
    "es": (
        "el la los las de del que y en con sin por para se un una no es fue paciente su al como más sobre fecha "
        "hallazgos nombre derecho izquierdo informe motivo normal"
    ),
    "de": (
        "der die das und ist mit nicht ein eine von zu im bei des dem den wurde auf für keine wir herr frau als sich "
        "befund links rechts datum werte am"
    ),
    "fr": "le la les de des du et est une un avec pour dans par sur pas au aux qui que ne patient nous à été",
    "it": "il la lo gli di del della e è con per non un una in si paziente che al dei delle alla sono nel stato",
    "pt": "o a os as de do da e com não em um uma para por que se foi ao dos das na no paciente como são",
    "nl": "de het een en van is met niet voor in op te bij werd geen patiënt die dat wij zijn was aan door",
    "pl": "i w z na nie do się jest od po oraz dla przez pacjent bez że jak lub pod stwierdzono",
    "ca": "el la els les de del i amb que en per no un una és al dels són aquest pacient ser va",
    "tr": "ve bir ile için bu olarak hasta de da olan ne gibi daha en çok yok var",
    "sv": "och att det som en på är av för med den till inte om ett har vid patienten utan från",
}
_SETS = {name: frozenset(words.split()) for name, words in _SMALL.items()}
_WORD = re.compile(r"[^\W\d_]+")
READ = 8_000
ENOUGH = 3
"""Small words that must be found, and half as many again as of any other language."""


def language(text: str) -> str:
    """ISO 639-1 code, or "" when the text is too short or nothing speaks clearly."""
    sample = text[:READ]
    letters = [char for char in sample if char.isalpha()]
    if len(letters) < 12:
        return ""
    for name, script in _SCRIPTS:
        if len(script.findall(sample)) > 0.3 * len(letters) or (
            name in ("ja", "ko") and len(script.findall(sample)) > 0.1 * len(letters)
        ):
            return name
    words = _WORD.findall(sample.casefold())
    scores = sorted(((sum(1 for word in words if word in known), name) for name, known in _SETS.items()), reverse=True)
    (best, name), (second, _other) = scores[0], scores[1]
    return name if best >= ENOUGH and best >= 1.5 * second and best >= 0.04 * len(words) else ""
