"""Chapter 3 in JupyterLab in a real browser: it opens unchanged, every cell runs, pictures and sliders appear.

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
    """A JupyterLab on a copy of the chapter, in smoke mode; yields its address and its folder."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "03_gan.ipynb").write_bytes((ROOT / "notebooks/03_gan.ipynb").read_bytes())
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


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here")
def test_a_reader_runs_all_of_chapter_3(lab):
    address, folder = lab
    idle, busy = (f'.jp-Notebook-ExecutionIndicator[data-status="{status}"]' for status in ("idle", "busy"))
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(f"{address}/lab/tree/03_gan.ipynb?reset")
        page.wait_for_selector(idle, timeout=90_000)
        page.wait_for_timeout(3000)
        assert page.locator(".jp-mod-dirty").count() == 0  # no "Save changes?" on closing what was only looked at
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_selector(busy, timeout=30_000)
        page.wait_for_selector(idle, timeout=300_000)
        sliders = page.locator(".widget-slider")
        for _ in range(120):  # Lab draws only what is in view: walk up from the end to the sliders
            if sliders.count():
                break
            page.mouse.move(800, 500)
            page.mouse.wheel(0, -400)
            page.wait_for_timeout(100)
        page.screenshot(path=folder / "sliders.png")
        assert sliders.count() == 3
        page.keyboard.press("Control+s")
        page.wait_for_timeout(3000)
        browser.close()
    notebook = nbformat.read(folder / "03_gan.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 14
    assert any("mode smoke" in output.get("text", "") for output in outputs)  # it is this run that was saved
