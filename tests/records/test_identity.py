"""Whose record is it: names in all their spellings, birth dates, sexes, two people in one study."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.rules import identity, names

TESTINA = identity.Person("Testina Example Müller-Sample", date(1961, 5, 4), "female")


@pytest.mark.parametrize(
    ("name", "birth", "verdict"),
    [
        ("EXAMPLE^TESTINA", "19610504", "same"),
        ("Testina^Example", "19610504", "same"),  # order swapped
        ("EXAMPLE^T", "19610504", "same"),  # an initial
        ("EXMAPLE^TESTINA", "19610504", "same"),  # letters swapped
        ("MULLER^TESTINA", "", "same"),  # accent lost, former name
        ("MUELLER^TESTINA", "", "same"),  # accent written out
        ("EXAMPLETESTINA", "19610504", "same"),  # run together
        ("EXAMPLE", "", "same"),  # nothing but the family name
        ("EXAMPLE^TESTINA^^DR^MD", "", "same"),
        ("EXAMPLE^TESTINA", "19610405", "same"),  # day and month swapped, the name agrees
        ("ANONYMOUS", "", "unknown"),
        ("XXXX^XXXX", "", "unknown"),
        ("", "", "unknown"),
        ("", "19610504", "same"),
        ("", "19330817", "other"),
        ("EXAMPLE^OTTO", "19610504", "same"),  # a second given name: the birth date agrees
        ("EXAMPLE^OTTO", "", "other"),  # a relative, as far as we can tell
        ("BRIDE^TESTINA", "19610504", "same"),  # married since
        ("BRIDE^TESTINA", "", "other"),
        ("STRANGER^JOE", "19610504", "other"),  # born on the same day, which many are
        ("STRANGER^JOE", "19400101", "other"),  # 1 January often stands for "not known"
        ("STRANGER^JOE", "", "other"),
        ("EXAMPLE^TESTINA", "19330817", "other"),  # mother and daughter
        ("EXAMPLE^TESTINA", "19310504", "other"),  # one digit, and thirty years
    ],
)
def test_compare_sets_aside_a_mismatch_and_nothing_else(name: str, birth: str, verdict: str) -> None:
    assert identity.whose(record_name=name, record_birth=birth, person=TESTINA) == verdict


@pytest.mark.parametrize(
    ("sex", "verdict"), [("F", "same"), ("M", "other"), ("O", "same"), ("", "same"), ("female", "same")]
)
def test_compare_looks_at_the_sex(sex: str, verdict: str) -> None:
    found = identity.compare(record_name="EXAMPLE^TESTINA", record_birth="19610504", record_sex=sex, person=TESTINA)
    assert found.verdict == verdict
    assert found.differs == (("sex",) if verdict == "other" else ())


def test_compare_takes_no_offence_at_a_sex_that_nobody_told() -> None:
    person = identity.Person("Testina Example", date(1961, 5, 4), "unknown")
    assert identity.whose(record_name="EXAMPLE^TESTINA", record_birth="", record_sex="M", person=person) == "same"


@pytest.mark.parametrize(
    ("record", "person"),
    [
        ("Иванова^Юлия", "Yuliya Ivanova"),
        ("IVANOVA^IULIIA", "Юлия Иванова"),
        ("SHEVCHENKO^OLEKSANDR", "Олександр Шевченко"),
        ("Ščerbakov^Jurij", "Yuriy Shcherbakov"),
        ("Παπαδοπούλου^Μαρία", "Maria Papadopoulou"),
        ("PAPADOPOULOU^MARIA", "Μαρία Παπαδοπούλου"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "太郎 山田"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Taro Yamada"),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=ﾔﾏﾀﾞ^ﾀﾛｳ", "Taro Yamada"),
        ("=山田^太郎=やまだ^たろう", "Taro Yamada"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "길동 홍"),
        ("ZHANG^WEI=张^伟", "偉 張"),
        ("SATOH^YOKO", "Yoko Sato"),
        ("SMITH^MOHAMED", "Muhammad Smith"),
        ("AL-SAMPLE^NOOR", "Nour Alsample"),
        ("OBRIEN^SEAN", "Seán O’Brien"),
        ("DELUCA^GINA", "Gina De Luca"),
        ("GARCIA LOPEZ^ANA MARIA", "Ana García"),
        ("LOPEZ^ANA", "Ana María García López"),
        ("NGUYEN^THI LAN", "Nguyễn Thị Lan"),
        ("Straße^Jürgen", "Juergen Strasse"),
        ("KOWALSKI^LUKASZ", "Łukasz Kowalski"),
        ("EXAMPLE^TINA", "Testina Example"),
        ("VAN DER SAMPLE^JAN", "Jan van der Sample"),
    ],
)
def test_same_name_knows_one_name_in_many_spellings(record: str, person: str) -> None:
    assert identity.same_name(record, person) == "same"


@pytest.mark.parametrize(
    ("record", "person", "verdict"),
    [
        ("SUZUKI^HANAKO=鈴木^花子", "太郎 山田", "other"),
        ("=鈴木^花子", "太郎 山田", "other"),
        ("Петров^Олег", "Yuliya Ivanova", "other"),
        ("KIM^MINSU", "민수 김", "unknown"),  # Hangul has no one spelling in Latin letters
        ("YAMADA^TARO", "太郎 山田", "unknown"),
        ("MÜLLER^BERTA", "Anna Müller", "partly"),
        ("HERR", "Anna Herr", "same"),  # a title to most
        ("DR", "Anna Müller", "other"),
    ],
)
def test_same_name_tells_others_apart(record: str, person: str, verdict: str) -> None:
    assert identity.same_name(record, person) == verdict


LETTERS = st.text("abcdefghiklmnoprstuvzäöüéñøłßç", min_size=3, max_size=10)


@given(LETTERS, LETTERS, st.dates(date(1900, 2, 2), date(2020, 1, 1)))
def test_nobody_is_another_than_himself(given_name: str, family: str, birth: date) -> None:
    """However a clerk writes it: capitals, order, without accents, with a title, with an initial."""
    person = identity.Person(f"{given_name} {family}", birth, "male")
    bare = "".join(c for c in unicodedata.normalize("NFKD", f"{family}^{given_name}") if not unicodedata.combining(c))
    for written in (f"{family}^{given_name}", f"{given_name}^{family}", bare.upper(), f"{family}^{given_name}^^DR",
                    f"{family}^{given_name[0]}", family.upper()):  # fmt: skip
        found = identity.compare(
            record_name=written, record_birth=birth.strftime("%Y%m%d"), record_sex="M", person=person
        )
        assert found.verdict is not identity.Verdict.OTHER, written


@given(LETTERS, LETTERS, st.dates(date(1900, 2, 2), date(2020, 1, 1)), st.integers(400, 40_000))
def test_another_birth_year_is_another_person(given_name: str, family: str, birth: date, days: int) -> None:
    person = identity.Person(f"{given_name} {family}", birth)
    other = (birth - timedelta(days=days)) if birth.year > 2000 - days // 365 else birth + timedelta(days=days)
    written = other.strftime("%Y%m%d")
    expected = "same" if written.endswith("0101") or not "18900101" < written < "99991231" else "other"
    found = identity.whose(record_name=f"{family}^{given_name}", record_birth=written.zfill(8), person=person)
    assert found == expected or (found == "unknown" and expected == "same")


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=10), st.text(max_size=3))
def test_compare_takes_any_text(name: str, own: str, birth: str, sex: str) -> None:
    identity.compare(
        record_name=name, record_birth=birth, record_sex=sex, person=identity.Person(own, date(1961, 5, 4))
    )
    names.signs(name)


def test_identity_of_an_unnamed_patient_is_unknown() -> None:
    nobody = identity.Person("  ", None)
    assert identity.whose(record_name="EXAMPLE^TESTINA", record_birth="19610504", person=nobody) == "unknown"


A = ("EXAMPLE^TESTINA", "19610504", "F", "T-1")


@pytest.mark.parametrize(
    ("other", "two"),
    [
        (A, False),
        (("Example^Testina", "19610504", "F", "t 1"), False),
        (("EXAMPLE^T", "", "", ""), False),
        (("EXAMPLE^TESTINA", "19610504", "F", "X-99"), True),
        (("SOMEBODY^ELSE", "", "", ""), True),
        (("EXAMPLE^TESTINA", "19300504", "", ""), True),
        (("EXAMPLE^TESTINA", "19610504", "M", ""), True),
        (("ANONYMOUS", "", "", ""), False),
    ],
)
def test_two_people_in_one_study_are_noticed(other: tuple[str, str, str, str], two: bool) -> None:
    assert identity.two_people(other, A) is two
