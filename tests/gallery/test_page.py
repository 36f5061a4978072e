"""The gallery in a real browser: opened from disk, filtered, asked, played, turned; skipped where there is none."""

import pytest

from spargen.gallery.write import write_gallery

SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@pytest.fixture
def page(browser, out):
    """Return a function that opens the gallery at a size, and see afterwards that nothing was complained about."""
    uri = write_gallery(out, trust=True).resolve().as_uri()

    def open_page(size="wide", address="", dark=False):
        width, height = SIZES[size]
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "narrow"}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        browser.get("about:blank")
        browser.get(uri + address)
        return browser

    yield open_page
    assert browser.get_log("browser") == []


def texts(window, css):
    return window.execute_script("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", css)


def choose(window, name, value):
    window.execute_script(
        "const field = document.getElementById('filter').elements[arguments[0]]; field.value = arguments[1];"
        "field.dispatchEvent(new Event('input', { bubbles: true }))",
        name,
        value,
    )


def until(window, told):
    """Wait until a script, or a function of the window, returns something true, 20 s at most; return it."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(window, 20).until(told if callable(told) else lambda w: w.execute_script(told))


def test_it_opens_from_disk_with_all_its_images(page):
    window = page()
    assert window.title == "spargen gallery"
    assert texts(window, "#count") == ["15 of 15 samples"]
    # Images below the fold are loaded when they are scrolled to.
    window.execute_script("document.querySelectorAll('img').forEach((image) => (image.loading = 'eager'))")
    until(window, "return [...document.images].every((image) => image.complete)")
    assert window.execute_script("return [...document.images].every((image) => image.naturalWidth > 0)")
    assert window.execute_script("return [...document.querySelectorAll('.picture img')].every((image) => image.alt)")


def test_data_is_shown_as_text_and_never_as_markup(page):
    window = page()
    window.execute_script("document.querySelectorAll('details').forEach((block) => (block.open = true))")
    until(window, "return document.querySelectorAll('.fact dl').length === 15")
    assert window.execute_script("return document.querySelectorAll('main b, #terms script').length") == 0
    assert "toy: none <script>" in texts(window, "#terms p")


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("task", "position_matching", 3),
        ("form", "sentence", 3),
        ("dataset", "other", 3),
        ("label", "Table", 15),
        ("label", "sofa", 3),
        ("label", "tab", 0),
    ],
)
def test_the_filter_leaves_what_fits(page, name, value, left):
    window = page()
    choose(window, name, value)
    assert len(texts(window, ".card")) == left
    assert value in window.execute_script("return location.hash")
    window.get(window.current_url)
    assert len(texts(window, ".card")) == left, "the address brings the filter back"


def test_filters_join_and_are_cleared_at_once(page):
    window = page(address="#task=depth_prediction_oc&form=fill&dataset=toy")
    assert set(texts(window, ".card h3")) == {"depth_prediction_oc · fill"}
    assert len(texts(window, ".card")) == 3
    window.find_element("css selector", "button[type=reset]").click()
    until(window, "return document.querySelectorAll('.card').length === 15")


def test_the_answer_is_not_in_the_page_before_it_is_asked_for(page):
    window = page(address="#task=position_matching")
    assert texts(window, ".answer, .answer-box") == []
    window.find_element("css selector", "details.ask summary").click()
    assert until(window, "return document.querySelector('.answer')?.textContent") == "B"
    box = window.execute_script(
        "const card = document.querySelector('.card'), box = card.querySelector('.answer-box');"
        "const all = [...card.querySelectorAll('.picture')], at = all.findIndex((p) => p.contains(box));"
        "const b = box.getBoundingClientRect(), p = all[at].getBoundingClientRect();"
        "return [at, (b.left - p.left) / p.width, (b.top - p.top) / p.height, b.width / p.width, b.height / p.height]"
    )
    assert box == pytest.approx([1, 0.5, 0.25, 0.25, 0.5], abs=0.01)
    window.find_element("css selector", "details.ask summary").click()
    until(window, "return !document.querySelector('.answer, .answer-box')")


def test_all_answers_can_be_shown_and_hidden(page):
    window = page()
    window.find_element("name", "answers").click()
    until(window, "return document.querySelectorAll('.answer').length === 15")
    choose(window, "form", "sentence")
    until(window, "return document.querySelectorAll('.answer').length === 3")
    window.find_element("name", "answers").click()
    until(window, "return document.querySelectorAll('.answer').length === 0")


def test_the_fact_tells_ids_unrounded_numbers_and_the_margin(page):
    window = page(address="#task=depth_prediction_oc&form=fill")
    assert texts(window, ".fact dl") == []
    window.find_element("css selector", ".fact summary").click()
    told = until(window, "return document.querySelector('.fact dl')?.textContent")
    row = window.execute_script(
        "return GALLERY.rows.find((row) => row.cell[3] === 'fill' && row.cell[2] !== 'appearance_order')"
    )
    assert "table (id 9)" in told
    assert str(row["fact"]["truth"]["target_depth_m"]) in told
    assert "0.0123456789" in told


def test_a_clip_plays_and_can_be_stepped(page):
    window = page(address="#task=appearance_order")
    caption = "return document.querySelector('.clip figcaption').textContent"
    assert window.execute_script(caption) == "Frame-0 of 32"
    play = window.find_element("css selector", ".clip button")
    play.click()
    until(window, caption + " !== 'Frame-0 of 32'")
    play.click()
    window.find_element("css selector", ".strip img:nth-child(4)").click()
    assert window.execute_script(caption) == "Frame-3 of 32: a numbered point"
    assert window.execute_script("return document.querySelector('.clip input').value") == "3"
    assert "frame 3" in window.execute_script("return document.querySelector('.clip .picture img').alt")


def drawn_colours(window):
    """Return which colours stand in the first card's canvas."""
    return set(
        map(
            tuple,
            window.execute_script(
                "const c = document.querySelector('.card canvas'); if (!c?.width) return [];"
                "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, found = new Set();"
                "for (let i = 0; i < d.length; i += 4) if (d[i + 3] === 255) found.add(d.slice(i, i + 3).join());"
                "return [...found].map((text) => text.split(',').map(Number))",
            ),
        )
    )


@pytest.mark.parametrize("dark", [False, True])
def test_the_scene_from_above_shows_objects_in_their_colours_and_the_camera(page, dark):
    window = page(address="#task=depth_prediction_oc&dataset=toy", dark=dark)
    window.find_element("css selector", "details.scene summary").click()
    until(window, "return document.querySelector('.scene li')")
    red, accent = ((248, 113, 113), (140, 196, 234)) if dark else ((200, 30, 30), (31, 95, 139))
    assert until(window, lambda shown: {red, accent} <= drawn_colours(shown))  # images come late
    words = " ".join(texts(window, ".scene li"))
    assert "table (id 9): centre at 2.00, 1.50, 0.40 m" in words
    assert "camera 1: at" in words


def test_a_scene_can_be_turned_with_keys_and_buttons(page):
    from selenium.webdriver.common.keys import Keys

    window = page(address="#task=depth_prediction_oc&dataset=toy")
    window.find_element("css selector", "details.scene summary").click()
    until(window, "return document.querySelector('.scene li')")
    picture = "return document.querySelector('.card canvas').toDataURL()"
    above = window.execute_script(picture)
    canvas = window.find_element("css selector", ".card canvas")
    canvas.send_keys(Keys.ARROW_DOWN, Keys.ARROW_LEFT)
    turned = window.execute_script(picture)
    canvas.send_keys("+")
    assert len({above, turned, window.execute_script(picture)}) == 3
    window.find_element("css selector", ".scene button").click()
    assert window.execute_script(picture) == above


def test_a_row_whose_scene_is_gone_offers_no_plan(page):
    window = page(address="#dataset=other")
    assert texts(window, ".card details.scene") == []
    assert texts(window, ".card details.fact")


def test_plots_follow_the_filter(page):
    window = page()
    titles = " ".join(texts(window, ".chart figcaption"))
    for what in (
        "Answers, select (6)",
        "Distances and depths",
        "Overlaps of two images of a question (6)",
        "Labels",
        "Length of the questions (30)",
    ):
        assert what in titles
    choose(window, "form", "sentence")
    assert "Length of the questions (6)" in texts(window, ".chart figcaption")
    assert "Answers, select" not in " ".join(texts(window, ".chart figcaption"))


def test_added_histograms_have_the_numbers_of_both(page):
    window = page()
    told = window.execute_script(
        "const sum = addHistograms([{ step: 0.1, bins: [[3, 5], [4, 1]] }, { step: 0.4, bins: [[-1, 2], [1, 7]] }]);"
        "return [sum.step, [...sum.places].sort((a, b) => a[0] - b[0])]"
    )
    assert told == [0.4, [[-1, 2], [0, 5], [1, 8]]]


def test_a_number_of_the_table_shows_its_cell(page):
    window = page()
    button = window.find_element("css selector", "#table tr:nth-child(2) td button")
    assert button.accessible_name == "12 rows: show depth_prediction_oc, fill"
    button.click()
    assert set(texts(window, ".card h3")) == {"depth_prediction_oc · fill"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True])
def test_it_is_legible_at_every_width_and_in_both_schemes(page, size, dark):
    window = page(size, dark=dark)
    window.execute_script("document.querySelectorAll('details').forEach((block) => (block.open = true))")
    until(window, "return document.querySelector('.scene li') && document.querySelector('.answer')")
    # A phone zooms out of a page that is too wide for it, so its own word for the width proves nothing.
    width, _ = SIZES[size]
    assert window.execute_script("return document.documentElement.scrollWidth") <= width, "no scrolling sideways"
    cut = window.execute_script(
        "return [...document.querySelectorAll('.card, .chart, #filter label:not([hidden])')]"
        ".filter((e) => e.getBoundingClientRect().right > arguments[0] + 1 || e.scrollWidth > e.clientWidth + 1)"
        ".map((e) => e.textContent.slice(0, 60))",
        width,
    )
    assert cut == []
    faint = window.execute_script(CONTRAST)
    assert faint == []
    assert (
        window.execute_script("return parseFloat(getComputedStyle(document.querySelector('.question')).fontSize)") >= 16
    )


CONTRAST = """
// Contrast as WCAG 2 defines it, of each text with the background that lies behind it.
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
const behind = (e) => {
  const colour = e ? rgb(getComputedStyle(e).backgroundColor) : [255, 255, 255];
  return colour.length < 4 || colour[3] > 0 ? colour : behind(e.parentElement);
};
const bad = new Set();
for (const e of document.querySelectorAll('body *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
  const [dim, bright] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => a - b);
  if ((bright + 0.05) / (dim + 0.05) < 4.5) bad.add(e.outerHTML.slice(0, 90));
}
return [...bad];
"""


def test_all_that_can_be_clicked_can_be_reached_by_keyboard(page):
    window = page(address="#task=appearance_order")
    dumb = window.execute_script(
        "return [...document.querySelectorAll('a, button, summary, select, input, canvas, .strip')]"
        ".filter((e) => e.tabIndex < 0 || !(e.textContent || e.labels?.length || e.ariaLabel || e.firstElementChild))"
        ".map((e) => e.outerHTML)"
    )
    assert dumb == []
