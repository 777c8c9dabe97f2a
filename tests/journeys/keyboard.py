"""A person who has no mouse: Tab, arrows, Enter, Space and letters, and at every stop the focus must be seen."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.journeys.browser import Person

MOST_PRESSES = 120
IS_FOCUSED = "found => found.includes(document.activeElement)"
LOOK = """() => {
  const surfaces = (element) => [[element, null], ...[...(element.labels ?? [])].flatMap(
    (label) => [[label, null], [label, '::before'], [label, '::after']]),
    ...[element.firstElementChild].filter((child) => child && element.matches('summary')).map((child) => [child, null])];
  const look = (element) => surfaces(element).map(([one, part]) => {
    const style = getComputedStyle(one, part);
    return [style.outlineStyle === 'none' ? '' : style.outline, style.boxShadow];
  });
  const shown = (element) => look(element).some(([outline, shadow]) => outline || shadow !== 'none');
  const last = window.keyboardStop;
  const left = last && last.element.isConnected && last.element !== document.activeElement ? look(last.element) : null;
  const trouble = left && JSON.stringify(left) === last.look ? [`${last.name}: looks the same with focus and without`] : [];
  const element = document.activeElement;
  if (!element || element === document.body) { window.keyboardStop = null; return {name: '', trouble}; }
  const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText;
  const name = `${element.tagName.toLowerCase()} "${(label ?? '').trim().replace(/\\s+/g, ' ').slice(0, 60)}"`;
  const box = element.getBoundingClientRect();
  if (!shown(element)) trouble.push(`${name}: neither an outline nor a shadow`);
  if (!box.width || !box.height || box.bottom <= 0 || box.top >= innerHeight) trouble.push(`${name}: has focus off the screen`);
  window.keyboardStop = {element, name, look: JSON.stringify(look(element))};
  return {name, trouble};
}"""
"""What has focus; what is wrong with how that is shown. Radios and checkboxes show it on their label."""


def stop(person: Person) -> str:
    """Name of what has focus now. That it cannot be seen is a problem of the page."""
    found = person.page.evaluate(LOOK)
    where = person.page.url.removeprefix(person.service.url)
    person.problems += [f"{person.name}: {where}: focus of {one}" for one in found["trouble"]]
    return str(found["name"])


def tab_to(person: Person, wanted: Locator, *, back: bool = False) -> None:
    """Presses Tab (or Shift+Tab) until one of `wanted` has focus."""
    wanted.first.wait_for(state="attached")
    reachable: list[str] = []
    for _ in range(MOST_PRESSES):
        reachable.append(stop(person))
        if wanted.evaluate_all(IS_FOCUSED):
            return
        person.page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{wanted} was never reached on {person.page.url}; reached: {list(dict.fromkeys(reachable))}")


def opens(person: Person, wanted: Locator, *, back: bool = False) -> None:
    """A link or a button, with Enter."""
    tab_to(person, wanted, back=back)
    person.page.keyboard.press("Enter")


def types(person: Person, label: str, text: str, *, within: Page | Locator | None = None) -> None:
    tab_to(person, (within or person.page).get_by_label(label, exact=True))
    person.page.keyboard.press("Control+a")
    person.page.keyboard.type(text)


def selects(person: Person, label: str, option: str, *, within: Page | Locator | None = None) -> None:
    """The option of a closed list, by typing its first letters."""
    field = (within or person.page).get_by_label(label, exact=False).and_(person.page.locator("select"))
    tab_to(person, field)
    person.page.keyboard.type(option)
    chosen = field.first.evaluate("list => list.selectedOptions[0].textContent.trim()")
    assert chosen == option, f"typing {option!r} chose {chosen!r}"


def picks(person: Person, group: Locator, answer: str) -> None:
    """A radio button: Tab goes to the group, arrows go on in it."""
    radios = group.get_by_role("radio")
    wanted = group.get_by_role("radio", name=re.compile(f"^{answer}", re.IGNORECASE))
    tab_to(person, radios)
    for _ in range(radios.count()):
        stop(person)
        if wanted.evaluate_all(IS_FOCUSED):
            break
        person.page.keyboard.press("ArrowDown")
    person.page.keyboard.press("Space")
    expect(wanted, f"the arrows never chose {answer!r}").to_be_checked()


def ticks(person: Person, box: Locator) -> None:
    tab_to(person, box)
    person.page.keyboard.press("Space")
    expect(box.first, f"Space never ticked {box}").to_be_checked()


def presses(person: Person, name: str) -> None:
    """A button, with Enter."""
    opens(person, person.page.get_by_role("button", name=name))


def writes(person: Person, label: str, text: str) -> None:
    """Into the first field whose label holds these words."""
    tab_to(person, person.page.get_by_label(label).first)
    person.page.keyboard.press("Control+a")
    person.page.keyboard.type(text)
