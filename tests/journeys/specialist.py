"""What the specialist does: answers the offer, looks, writes, and signs."""

from __future__ import annotations

from playwright.sync_api import FrameLocator, expect

from tests.journeys.accounts import PASSWORD
from tests.journeys.browser import PATIENCE_MS, Person

PLAIN = (
    "Your main heart valve is too tight. The plan to put in a new one is right. One scan is still missing. "
    "Ask for it before you decide. You have some weeks for that. If you feel worse, call your doctor at once."
)
READY = "document.getElementById('viewer')?.contentDocument?.getElementById('viewer')?.dataset.ready === 'true'"
APP = "document.getElementById('viewer').contentDocument.getElementById('viewer').consilium"
DRAWN = f"""() => {{
  const canvas = {APP}.panes[0].canvas.querySelector('canvas') ?? {APP}.panes[0].canvas;
  const small = document.createElement('canvas');
  small.width = small.height = 32;
  const pen = small.getContext('2d');
  pen.drawImage(canvas, 0, 0, 32, 32);
  return new Set(pen.getImageData(0, 0, 32, 32).data.filter((_, at) => at % 4 === 0)).size;
}}"""
"""How many shades of grey the image on the screen has: one for an empty window."""


def gets_profile(administrator: Person, name: str) -> None:
    """The administrator writes what the desk knows of a specialist."""
    administrator.go("/accounts/people/")
    administrator.follow(f"Profile of {name}")
    administrator.on("Profile")
    administrator.checks_page()
    administrator.fill("Title", "Consultant cardiologist")
    administrator.fill("Institution", "Sample Hospital")
    administrator.group("Specialties").get_by_role("checkbox", name="Cardiology", exact=True).check()
    for group in ("Sub-specialties of Cardiology", "Conditions of Cardiology reviewed often"):
        administrator.group(group).get_by_role("checkbox", name="Valve disease").check()
    administrator.group("Languages").get_by_role("checkbox", name="English").check()
    administrator.fill("Open cases at one time", "4")
    administrator.press("Save the profile")
    administrator.reads("The profile is saved")
    administrator.select("Country", "United States")
    administrator.page.get_by_role("combobox", name="State").select_option(label="Massachusetts")
    administrator.fill("Number", "EX-1")
    administrator.press("Add the licence")
    administrator.reads("Massachusetts, United States")
    administrator.checks_page()


def looks_at_offer(person: Person, ref: str) -> None:
    """The preview tells enough to answer; the records themselves stay closed until the case is accepted."""
    person.go("/reviews/")
    person.on("My reviews")
    person.checks_page()
    person.follow("Look and answer")
    person.reads("What the patient asks", "CT Chest", "Clinic letter", "You can open them once you have accepted")
    person.checks_page()
    offer = person.page.url
    with person.expecting("status of 404"):
        answer = person.page.goto(f"/viewer/{ref}/")
        assert answer is not None and answer.status == 404
        person.checks_page()
    person.page.goto(offer)


def accepts(person: Person) -> None:
    person.press("Accept and open the case")
    person.reads("There is a problem", "Say whether you have a conflict of interest")
    person.checks_page()
    person.group("Do you have a conflict of interest?").get_by_role("radio", name="I have no conflict").check()
    person.press("Accept and open the case")
    person.reads("Your opinion")


def viewer(person: Person) -> FrameLocator:
    """The viewer's frame with an image on the screen."""
    person.until(lambda: person.page.evaluate(READY), "the viewer is ready")
    person.until(lambda: person.page.evaluate(DRAWN) > 4, "an image is drawn")
    return person.page.frame_locator("#viewer")


def looks_at_images(person: Person) -> None:
    """Scrolls, changes the brightness, and sees that the picture follows."""
    frame = viewer(person)
    person.checks_page()
    person.until(lambda: person.page.evaluate(READY), "the viewer is ready")
    pane = frame.locator(".co-v-pane").first
    pane.locator("canvas").first.click()
    index = f"() => {APP}.panes[0].index"
    before = person.page.evaluate(index)
    person.page.keyboard.press("ArrowDown")
    person.until(lambda: person.page.evaluate(index) == before + 1, "the next image")
    preset = frame.get_by_label("Brightness preset")
    window = f"() => JSON.stringify({APP}.panes[0].viewport.getProperties().voiRange)"
    shown = person.page.evaluate(window)
    preset.select_option(index=2)
    person.until(lambda: person.page.evaluate(window) != shown, "another brightness")


def cites_image(person: Person, field: str) -> None:
    """Puts the image on the screen under a statement, as a chip that leads back to it."""
    area = person.page.locator(f"[data-control='{field}'] textarea")
    area.fill("The valve is thick and opens badly; the heart muscle is strong.")
    area.focus()
    person.page.frame_locator("#viewer").get_by_role("button", name="Cite").first.click()
    chip = person.page.locator("[data-cites='cite.diagnosis'] .co-chip")
    expect(chip).to_contain_text("CT", timeout=PATIENCE_MS)
    saved(person)


def saved(person: Person) -> None:
    expect(person.page.locator("[data-autosave-state]")).to_have_attribute("data-state", "saved", timeout=PATIENCE_MS)


def control(person: Person, name: str, text: str) -> None:
    person.page.locator(f"[data-control='{name}']").locator("textarea, input").first.fill(text)


def writes(person: Person) -> None:
    """Every part that a signature needs, and a value of the specialty."""
    page = person.page
    for part in ("diagnosis", "treatment"):
        page.locator(f"#part-{part}").get_by_role("radio", name="Agree", exact=True).check()
    page.locator("#part-certainty").get_by_role("radio", name="Fairly sure").check()
    page.get_by_label("How soon must something happen?").select_option(label="Within 6 weeks")
    for name, text in {
        "question.1": "Do not wait longer than six weeks.",
        "question.2": "It may be. The missing scan will tell.",
        "diagnosis.opinion": "Severe narrowing of the aortic valve.",
        "treatment.opinion": "A new valve, after a CT scan of the way to it.",
        "treatment.reasons": "Without the scan, nobody can choose between the two ways.",
        "test.1.test": "CT scan of the aorta",
        "test.1.would_change": "Shows whether a catheter can reach the valve.",
        "change_mind": "A scan that shows a valve of two leaflets.",
        "urgency.what": "Do the missing scan and decide.",
        "plain": PLAIN,
        "ask_doctor": "Can I have the scan here?",
        "limits": "I have not examined the patient.",
    }.items():
        control(person, name, text)
    saved(person)
    person.checks_page()


def loses_network(person: Person) -> None:
    """Words typed without a connection are kept and saved when it is back."""
    with person.expecting("INTERNET_DISCONNECTED"):
        person.context.set_offline(True)
        control(person, "limits", "I have not examined the patient. The report of the heart ultrasound was not here.")
        person.reads("No connection. Your words are kept on this page")
        person.context.set_offline(False)
        saved(person)
    person.page.reload()
    expect(person.page.locator("[data-control='limits'] textarea")).to_have_value(
        "I have not examined the patient. The report of the heart ultrasound was not here."
    )


def writes_in_two_tabs(person: Person) -> None:
    """The second window learns that the first has saved; both texts survive."""
    first, second = person.page, person.context.new_page()
    second.goto(first.url)
    control(person, "change_mind", "A scan that shows a valve of two leaflets, or a weak heart.")
    saved(person)
    person.page = second
    with person.expecting("status of 409"):
        control(person, "limits", "I have seen records only, and not the patient.")
        person.reads("Your words are still on this page", "You saved another version of this opinion")
        person.checks_page()
        person.press("Keep my words and save them")
        expect(second.locator("[data-control='change_mind'] textarea")).to_have_value(
            "A scan that shows a valve of two leaflets, or a weak heart.", timeout=PATIENCE_MS
        )
    expect(second.locator("[data-control='limits'] textarea")).to_have_value(
        "I have seen records only, and not the patient."
    )
    first.close()


def signs(person: Person) -> None:
    """Reads the preview, proves who signs, and signs."""
    person.press("Check and sign")
    person.on("Check and sign")
    person.reads("This is the report as the patient will see it", PLAIN[:40])
    person.checks_page()
    person.follow("Confirm that it is you")
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    person.checks_page()
    person.press("Confirm")
    person.page.get_by_role("checkbox", name="I have read the preview").check()
    person.checks_page()
    person.press("Sign the opinion")
    person.on("My reviews")
    person.reads("You have signed the opinion")
    person.checks_page()
