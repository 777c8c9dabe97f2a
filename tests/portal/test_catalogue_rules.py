"""How lines become one checklist."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue.parts import ChecklistLine, Images, Item, Need
from portal.catalogue.rules import STRENGTH, by_file, changes, holds, merge, union


def item(key: str, **more: object) -> Item:
    return Item(key=key, staff=key, patient=key, what=key, where=key, how=key, **more)  # type: ignore[arg-type]


ITEMS = {key: item(key) for key in "abc"} | {"thin": item("thin", covers=("a",))}
LINES = st.builds(
    ChecklistLine,
    item=st.just("a"),
    need=st.sampled_from(Need),
    images=st.sampled_from(Images),
    max_age=st.none() | st.integers(1, 60),
    alternatives=st.sets(st.sampled_from("bc")).map(lambda keys: tuple(sorted(keys))),
)


def line(key: str, need: Need = Need.REQUIRED, **more: object) -> ChecklistLine:
    return ChecklistLine(item=key, need=need, **more)  # type: ignore[arg-type]


@given(st.lists(LINES, min_size=1, max_size=5))
def test_merged_line_is_never_weaker_than_any_of_its_lines(lines: list[ChecklistLine]) -> None:
    merged = merge("a", [(str(n), one) for n, one in enumerate(lines)], ITEMS)
    for one in lines:
        assert STRENGTH[merged.need] >= STRENGTH[one.need]
        assert one.max_age is None or (merged.max_age is not None and merged.max_age <= one.max_age)
        if one.need is merged.need and one.images is Images.REQUIRED and one.need is not Need.NOT_NEEDED:
            assert merged.images is Images.REQUIRED
        if one.need is merged.need:
            assert {other.key for other in merged.alternatives} <= set(one.alternatives)


@given(st.lists(LINES, min_size=1, max_size=5))
def test_order_of_lines_does_not_change_the_requirement(lines: list[ChecklistLine]) -> None:
    def essence(of: list[ChecklistLine]) -> tuple[object, ...]:
        merged = merge("a", [("x", one) for one in of], ITEMS)
        return merged.need, merged.images, merged.max_age, {one.key for one in merged.alternatives}

    assert essence(lines) == essence(lines[::-1])


def test_required_report_and_wanted_images_do_not_make_required_images() -> None:
    report, images = line("a"), line("a", Need.WANTED, images=Images.REQUIRED)
    merged = merge("a", [("x", report), ("y", images)], ITEMS)
    assert (merged.need, merged.images) == (Need.REQUIRED, Images.WANTED)


def test_covered_item_is_left_out_unless_it_is_needed_more() -> None:
    assert [one.item.key for one in union([("x", line("a")), ("x", line("thin"))], ITEMS)] == ["thin"]
    kept = union([("x", line("a")), ("x", line("thin", Need.WANTED))], ITEMS)
    assert [one.item.key for one in kept] == ["a", "thin"]


def test_required_items_come_first_and_what_is_not_needed_not_at_all() -> None:
    pairs = [("x", line("a", Need.WANTED)), ("x", line("b")), ("x", line("c", Need.NOT_NEEDED))]
    assert [one.item.key for one in union(pairs, ITEMS)] == ["b", "a"]


def test_holds_needs_every_key_and_any_value() -> None:
    when = {"stage": ("ii", "iii"), "type": ("x",)}
    assert holds(when, {"stage": "iii", "type": ["w", "x"]})
    assert not holds(when, {"stage": "iii"})
    assert not holds(when, {"stage": "i", "type": "x"})
    assert holds({}, {})


def test_changes_name_lists_by_key_so_that_moving_is_no_change() -> None:
    before = {"f": {"a": [{"key": "x", "v": 1}, {"key": "y", "v": 2}]}, "gone": {"k": 1}}
    after = {"f": {"a": [{"key": "y", "v": 3}, {"key": "x", "v": 1}]}, "new": {"k": None}}
    found = [(one.kind, one.file, one.path, one.before, one.after) for one in changes(before, after)]
    assert found == [
        ("changed", "f", "a.y.v", "2", "3"),
        ("removed", "gone", "k", "1", ""),
        ("added", "new", "k", "", ""),
    ]


def test_by_file_counts_all_and_names_some() -> None:
    [file] = by_file(changes({"f": {}}, {"f": {"a": 1, "b": 2, "c": 3}}), limit=2)
    assert (file.added, len(file.named), file.hidden) == (3, 2, 1)


def test_changes_see_the_second_line_on_one_item() -> None:
    before = {"f": [{"item": "tee", "need": "wanted"}, {"item": "tee", "need": "required"}]}
    after = {"f": [{"item": "tee", "need": "if_done"}, {"item": "tee", "need": "required"}]}
    [change] = changes(before, after)
    assert (change.path, change.before, change.after) == (".tee.need", "wanted", "if_done")
