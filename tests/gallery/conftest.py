"""An output folder, and a browser to look at its gallery."""

import shutil

import pytest
from toy_output import write_output


@pytest.fixture
def room(tmp_path):
    """Return the folder that the toy's adapter reads."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def out(room, tmp_path):
    """Return an output folder."""
    return write_output(tmp_path / "out", room)


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium; skip where there is none, or no driver for it."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("there is no Chromium with its chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for switch in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield window
    window.quit()
