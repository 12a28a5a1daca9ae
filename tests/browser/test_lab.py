"""Chapters 1 and 3 in JupyterLab in a real browser: they open unchanged, every cell runs, what can be moved or pressed
works.

make test-browser        # needs Chromium: set CHROMIUM if it is not /usr/bin/chromium
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on copies of the chapters, in smoke mode; yields its address and its folder."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("01_introduction.ipynb", "03_gan.ipynb"):
        (folder / name).write_bytes((ROOT / "notebooks" / name).read_bytes())
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}"]
    command += [f"--config={ROOT / 'tools/jupyter_lab_config.py'}"]  # as make lab does
    process = subprocess.Popen(command, env=os.environ | {"GAN_MODE": "smoke"}, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api")
            break
        except OSError:
            time.sleep(0.5)
    yield address, folder
    process.terminate()
    process.wait()


@pytest.fixture
def page():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page(viewport={"width": 1280, "height": 1000})
        browser.close()


def run_all(page, address):
    """Open a notebook, see that it is unchanged, and run every cell."""
    idle, busy = (f'.jp-Notebook-ExecutionIndicator[data-status="{status}"]' for status in ("idle", "busy"))
    page.goto(address)
    page.wait_for_selector(idle, timeout=90_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)  # else JupyterLab asks which kernel
    page.wait_for_timeout(3000)
    assert page.locator(".jp-mod-dirty").count() == 0  # no "Save changes?" on closing what was only looked at
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_selector(busy, timeout=30_000)
    page.wait_for_selector(idle, timeout=300_000)


def walk_up_to(page, what):
    """JupyterLab draws only what is in view: walk up from the end until it is there."""
    for _ in range(240):
        if what.count():
            break
        page.mouse.move(800, 500)
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(100)


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here")
def test_a_reader_runs_all_of_chapter_3(lab, page):
    address, folder = lab
    run_all(page, f"{address}/lab/tree/03_gan.ipynb?reset")
    sliders = page.locator(".widget-slider")
    walk_up_to(page, sliders)
    page.screenshot(path=folder / "sliders.png")
    assert sliders.count() == 3
    page.keyboard.press("Control+s")
    page.wait_for_timeout(3000)
    notebook = nbformat.read(folder / "03_gan.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 14
    assert any("mode smoke" in output.get("text", "") for output in outputs)  # it is this run that was saved


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here")
def test_a_reader_trains_a_gan_of_chapter_1(lab, page):
    address, folder = lab
    run_all(page, f"{address}/lab/tree/01_introduction.ipynb?reset")
    button = page.get_by_role("button", name="train", exact=True)
    walk_up_to(page, button)
    button.click()
    picture = page.locator(".widget-interact", has=button).locator("img")
    picture.wait_for(timeout=60_000)
    picture.scroll_into_view_if_needed()
    page.screenshot(path=folder / "trained.png")
    assert picture.bounding_box()["width"] > 200
