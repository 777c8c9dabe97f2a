"""A broken edition is refused with the file and the key of everything wrong in it."""

from __future__ import annotations

import copy
import io
import zipfile
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.catalogue import archive, loader
from portal.catalogue.reading import CatalogueError

CARDIOLOGY = "specialties/cardiology.yaml"
FIELDS = "opinion_fields/cardiology.yaml"


@cache
def _content() -> loader.Content:
    return loader.read_folder()


def content() -> dict[str, Any]:
    return copy.deepcopy(dict(_content()))


def problems(changed: dict[str, Any]) -> list[str]:
    with pytest.raises(CatalogueError) as refused:
        loader.build(changed)
    return [str(problem) for problem in refused.value.problems]


def part(of: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return next(one for one in of if one["key"] == key)


def valve(changed: dict[str, Any]) -> dict[str, Any]:
    return part(changed[CARDIOLOGY]["conditions"], "valve")


def test_error_names_file_and_key_path() -> None:
    changed = content()
    valve(changed)["checklist"][2]["max_age"] = "6 months"
    assert problems(changed) == [
        f"{CARDIOLOGY}: conditions.valve.checklist[2].max_age: must be a whole number of months, from 1 to 600"
    ]


@pytest.mark.parametrize(
    ("file", "edit", "expected"),
    [
        (CARDIOLOGY, lambda d: d.update(colour="red"), "colour: is not a known key here"),
        (CARDIOLOGY, lambda d: d.update(name_other="x"), "name_other: is not a known key here"),
        (CARDIOLOGY, lambda d: d.update(sentence_other=""), "sentence_other: must not be empty"),
        (CARDIOLOGY, lambda d: d.update(questions_other=["One?"]), "questions_other: must have as many texts as questions"),
        (CARDIOLOGY, lambda d: d.pop("sentence"), "sentence: is missing"),
        (CARDIOLOGY, lambda d: d.update(sentence=""), "sentence: must not be empty"),
        (CARDIOLOGY, lambda d: d.update(sentence=" x"), "sentence: must not begin or end with a space"),
        (CARDIOLOGY, lambda d: d.update(sentence=3), "sentence: must be a text: put it in quotes"),
        (CARDIOLOGY, lambda d: d.update(sentence=["x"]), "sentence: must be a text"),
        (CARDIOLOGY, lambda d: d.update(conditions={}), "conditions: must be a list"),
        (CARDIOLOGY, lambda d: d.update(evidence=[]), "evidence: must be a map"),
        (CARDIOLOGY, lambda d: d.update(key="heart"), "key: must be cardiology, like the name of the file"),
        (CARDIOLOGY, lambda d: d["conditions"][0].update(key="Big Heart"), "conditions.Big Heart.key: must be a key"),
        (CARDIOLOGY, lambda d: d["conditions"].append(d["conditions"][0]), "conditions.coronary: is listed twice"),
        (CARDIOLOGY, lambda d: d["conditions"][0].update(sub_specialties=["feet"]), "there is no sub-specialty 'feet'"),
        (CARDIOLOGY, lambda d: d["checklist"][0].update(item="ekg"), "checklist[0].item: there is no item 'ekg'"),
        (CARDIOLOGY, lambda d: d["checklist"][0].update(need="maybe"), "checklist[0].need: must be one of required"),
        (CARDIOLOGY, lambda d: d["checklist"][0].update(max_age=0), "checklist[0].max_age: must be a whole number"),
        (CARDIOLOGY, lambda d: d["checklist"][0].update(max_age=True), "checklist[0].max_age: must be a whole number"),
        (CARDIOLOGY, lambda d: d["checklist"][0].update(alternatives=["x"]), "alternatives: there is no item 'x'"),
        (CARDIOLOGY, lambda d: d["checklist"][0].update(alternatives=["ecg"]), "alternatives: names ecg itself"),
        (CARDIOLOGY, lambda d: d["checklist"][0].update(when={"mood": ["x"]}), "when.mood: is not a question"),
        (CARDIOLOGY, lambda d: d["checklist"][0].update(when=["x"]), "when: must be a map"),
        (CARDIOLOGY, lambda d: d["checklist"][2].update(when={"heart_device": ["si"]}), "there is no answer 'si'"),
        (CARDIOLOGY, lambda d: d["asks"][0].update(options=[]), "options: must list at least two answers"),
        (CARDIOLOGY, lambda d: d["asks"][0].update(type="text"), "options: cannot be given for a question of type text"),
        (CARDIOLOGY, lambda d: d["asks"][0].update(required="yes"), "required: must be true or false"),
        (FIELDS, lambda d: part(d["fields"], "syntax").update(range=[90, 0]), "syntax.range.max: must be greater than"),
        (FIELDS, lambda d: part(d["fields"], "syntax").update(range="0-90"), "syntax.range: must be a map"),
        (FIELDS, lambda d: part(d["fields"], "nyha").update(values=["I"]), "nyha.values: must list at least two"),
        (FIELDS, lambda d: part(d["fields"], "nyha").update(values=["I", "I"]), "nyha.values: names the same value"),
        (FIELDS, lambda d: part(d["fields"], "nyha").update(range=[0, 4]), "nyha.range: cannot be given"),
        (FIELDS, lambda d: part(d["fields"], "nyha").update(year=19), "nyha.year: must be a year from 1970"),
        (FIELDS, lambda d: part(d["fields"], "nyha").update(reviewed_by="Dr A"), "reviewed_on: must be given together"),
        (FIELDS, lambda d: part(d["fields"], "nyha").update(pattern="("), "pattern: is not a regular expression"),
        (FIELDS, lambda d: part(d["fields"], "nyha").update(conditions=["x"]), "there is no condition 'x'"),
        (FIELDS, lambda d: part(d["fields"], "nyha").update(key="answers"), "answers: is already a common field"),
        (FIELDS, lambda d: part(d["fields"], "lvef").update(fields=[]), "lvef.fields: must list the parts"),
        (FIELDS, lambda d: part(d["fields"], "av_area").update(decimals=0), "av_area.decimals: must be 1 or more"),
        ("items/cardiology.yaml", lambda d: d["items"][0].update(covers=["x"]), "items.ecg.covers: there is no item"),
        ("items/cardiology.yaml", lambda d: d["items"][0].update(documents=["x"]), "there is no document class 'x'"),
        ("items/cardiology.yaml", lambda d: d["items"][0].update(loinc=["ECG"]), "loinc[0]: must be a LOINC code"),
        ("items/cardiology.yaml", lambda d: d["items"][0].update(key="echo"), "items.echo: is listed twice"),
        ("items/general.yaml", lambda d: d["items"][0].update(key="ecg"), "items.ecg: is already an item of"),
        ("items/general.yaml", lambda d: d["items"][0].update(answered_by="x"), "answered_by: there is no question 'x'"),
        ("items/general.yaml", lambda d: d["items"][0].update(documents=[]), "nothing could satisfy this item"),
        ("items/general.yaml", lambda d: d["items"][0].update(words={"es": ["Médula"]}), "small letters without accents"),
        ("items/radiology.yaml", lambda d: d["items"][0].update(images=[{}]), "must name a modality"),
        ("red_flags.yaml", lambda d: d["flags"][0].update(specialty="x"), "flags.chest_pain.specialty: there is no"),
        ("eligibility.yaml", lambda d: part(d["questions"], "legal").update(answers=[]), "must list at least two"),
        ("eligibility.yaml", lambda d: part(d["questions"], "legal")["answers"][0].pop("message"), "must say what to do"),
        ("places.yaml", lambda d: d["places"].pop(), "places.ZZ: is missing"),
        ("places.yaml", lambda d: d["places"][0].update(languages=["xx"]), "places.US.languages: there is no language"),
        ("places.yaml", lambda d: d["places"][0].update(emergency="call"), "emergency: must be a telephone number"),
        ("places.yaml", lambda d: d["places"][0]["regions"][0].update(code="CA-ON"), "must begin with US-"),
        ("shared_conditions.yaml", lambda d: d["conditions"][0].update(offered_under=["x"]), "there is no specialty 'x'"),
        ("shared_conditions.yaml", lambda d: d["conditions"][0].update(key="valve"), "conditions.valve: is already a"),
        ("canned.yaml", lambda d: d["texts"][0].update(owner="patient"), "owner: must be given for a hold, and only"),
        ("consent.yaml", lambda d: d["screens"][0].update(version=0), "version: must be a version number"),
        ("edition.yaml", lambda d: d.update(format=2), "format: must be a format number"),
    ],
)  # fmt: skip
def test_broken_content_is_refused_by_name(file: str, edit: Any, expected: str) -> None:
    changed = content()
    edit(changed[file])
    found = problems(changed)
    assert any(expected in problem for problem in found), found


def test_all_problems_are_told_at_once() -> None:
    changed = content()
    changed[CARDIOLOGY]["sentence"] = ""
    changed["languages.yaml"]["languages"][0]["code"] = "English"
    del changed["reasons.yaml"]
    changed["recipes.yaml"] = {}
    assert [problem.split(":")[0] for problem in problems(changed)] == [
        "languages.yaml", "recipes.yaml", CARDIOLOGY, "reasons.yaml",
    ]  # fmt: skip


def test_condition_without_a_required_record_is_refused() -> None:
    changed = content()
    for line in (*changed["everyone.yaml"]["checklist"], *changed[CARDIOLOGY]["checklist"]):
        line["need"] = "wanted"
    assert f"{CARDIOLOGY}: conditions.other_heart: requires no record at all" in problems(changed)


def test_fields_of_an_unknown_specialty_are_refused() -> None:
    changed = content()
    changed["opinion_fields/dentistry.yaml"] = changed[FIELDS]
    assert "opinion_fields/dentistry.yaml: there is no specialty 'dentistry'" in problems(changed)


def test_edition_without_specialties_is_refused() -> None:
    changed = {file: data for file, data in content().items() if not file.startswith(("specialties/", "items/"))}
    assert {"specialties/: holds no file", "items/: holds no file"} <= set(problems(changed))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1}", "a.yaml: line 1: "),
        ("a: 1\na: 2", "a.yaml: line 2: the key 'a' is given twice"),
        ("1: x", "a.yaml: line 1: the key 1 must be a text"),
        ("a: &x [1]\nb: *x", "a.yaml: line 2: aliases (*name) are not allowed"),
        ("[" * 40 + "]" * 40, "a.yaml: line 1: is nested too deeply"),
        ("a: !!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("a: \x00", "a.yaml: is not valid YAML"),
    ],
)
def test_bad_yaml_is_refused_with_its_line(text: str, expected: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        loader.parse_texts({"a.yaml": text})
    assert expected in str(refused.value)


def test_yes_and_no_and_dates_stay_texts() -> None:
    text = "a: [yes, no, on, off, 2026-01-01, true, null]"
    assert loader.parse_texts({"a.yaml": text}) == {
        "a.yaml": {"a": ["yes", "no", "on", "off", "2026-01-01", True, None]}
    }


def test_digest_ignores_the_order_of_keys_but_not_of_lists() -> None:
    assert loader.digest({"a": {"x": 1, "y": 2}}) == loader.digest({"a": {"y": 2, "x": 1}})
    assert loader.digest({"a": [1, 2]}) != loader.digest({"a": [2, 1]})


def test_yaml_made_for_download_reads_as_the_same_content() -> None:
    assert loader.digest(loader.parse_texts(loader.to_texts(_content()))) == loader.digest(_content())


@settings(max_examples=40)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(sorted(_content())),
)
def test_any_data_is_an_edition_or_a_named_problem(data: Any, file: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        loader.build({**_content(), file: data})
    assert all(problem.file for problem in refused.value.problems)


def zipped(files: dict[str, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return io.BytesIO(out.getvalue())


def test_archive_takes_one_folder_and_the_junk_of_macos_off() -> None:
    files = {"ours/edition.yaml": b"a: 1", "__MACOSX/x": b"", "ours/.DS_Store": b"", "ours/items/a.yaml": b"b: 2"}
    assert archive.read(zipped(files)) == {"edition.yaml": "a: 1", "items/a.yaml": "b: 2"}


@pytest.mark.parametrize(
    ("blob", "expected"),
    [
        (io.BytesIO(b"no zip at all"), "cannot be opened"),
        (io.BytesIO(b"x" * (archive.MAX_ARCHIVE_BYTES + 1)), "is larger than"),
        (zipped({f"{n}.yaml": b"" for n in range(archive.MAX_FILES + 1)}), "holds more than"),
        (zipped({"a.yaml": b" " * (archive.MAX_FILE_BYTES + 1)}), "is too large for a catalogue"),
        (zipped({f"{n}.yaml": b" " * archive.MAX_FILE_BYTES for n in range(9)}), "is too large for a catalogue"),
        (zipped({"a.yaml": b"\xff\xfe"}), "a.yaml: is not UTF-8 text"),
    ],
)
def test_archive_that_is_damaged_or_too_large_is_refused(blob: io.BytesIO, expected: str) -> None:
    with pytest.raises(CatalogueError, match=expected):
        archive.read(blob)


def test_archive_of_the_same_files_has_the_same_bytes() -> None:
    assert archive.write({"b": "2", "a": "1"}) == archive.write({"a": "1", "b": "2"})
