"""When two pages count as the same one, so that the second is not judged again for accessibility."""

from __future__ import annotations

import pytest

from tests.journeys.browser import alike

PAGE = """<a href="http://localhost:41235/cases/2K7-4QD/" id="b-0d9c1f3e-1111-4222-8333-0123456789ab">Saved 10:42</a>
<img src="data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciPg=="> p1234567@example.test
<input value="eyJ0IjoxMjM0NTY3ODkwMTIzNDU2:1vMQ7x:k3nfA_x">"""
LATER = """<a href="http://localhost:50001/cases/9XY-0AB/" id="b-aaaa1f3e-1111-4222-8333-0123456789ab">Saved 9:07</a>
<img src="data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmDifferent"> p76543210@example.test
<input value="eyJ0IjozMjM0NTY3ODkwMTIzNDU9:1vMQ9zz:Tt3nfA_x">"""


def test_a_page_of_another_run_is_alike() -> None:
    assert alike(PAGE) == alike(LATER) != PAGE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<h2>Saved", "<h3>Saved"),
        ("Saved", "Kept"),
        ('aria-valuenow="5"', 'aria-valuenow="50"'),
        ("<p></p>", "<p> </p>"),
        ("nhsuk-task-list__status--cannot-start-yet", "nhsuk-task-list__status--completed"),
    ],
)
def test_a_page_with_other_words_or_elements_is_not_alike(one: str, other: str) -> None:
    assert alike(one) != alike(other)


def test_a_key_that_stands_twice_is_not_alike_two_keys() -> None:
    first, second = (f'id="{n}d9c1f3e-1111-4222-8333-0123456789ab"' for n in (0, 1))
    assert alike(first + first) != alike(first + second)
    assert alike(first + second) == alike(second + first)
