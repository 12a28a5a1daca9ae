"""A page made of a notebook needs no network, and keeps its formulas, pictures and links."""

import base64
import io
import re
import runpy
import tomllib
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
FIRST = """# 3 · A small chapter

[![Open in Colab](https://example.org/badge.svg)](https://example.org/colab)

The formula $x_1 < x_2$; [next](04_next.ipynb#a-part), [solutions](solutions/03_small.ipynb),
[the code](../gan_helpers/models/gan.py#L3), [a part of this page](#a-part)."""
ALT = 'Digits "3" & "8"'


def picture(metadata, kind="png"):
    buffer = io.BytesIO()
    Image.new("L", (4, 2)).save(buffer, kind)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return new_output("display_data", {f"image/{kind}": encoded}, metadata={f"image/{kind}": metadata})


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    (root / "notebooks" / "solutions").mkdir(parents=True)
    hidden = new_code_cell("plt.plot(x)", metadata={"jupyter": {"source_hidden": True}})
    hidden.outputs = [picture({"alt": ALT, "width": 40, "height": 20}), picture({}), picture({"alt": ALT}, "jpeg")]
    chapter = [new_markdown_cell(FIRST), new_code_cell("1 + 1"), hidden]
    solution = [new_markdown_cell("# 3\n\n[chapter](../03_small.ipynb#a-part), [code](../../gan_helpers/losses.py)")]
    nbformat.write(new_notebook(cells=chapter), root / "notebooks" / "03_small.ipynb")
    nbformat.write(new_notebook(cells=solution), root / "notebooks" / "solutions" / "03_small.ipynb")
    runpy.run_path(str(ROOT / "tools" / "export_html.py"))["main"]([], root, root / "html")
    return root / "html"


@pytest.fixture(params=["03_small.html", "solutions/03_small.html"])
def page(request, exported):
    return exported / request.param


def read(page):
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def links(page):
    return [link["href"] for link in read(page).select("a[href]:not(.anchor-link)")]


def test_nothing_is_fetched_from_the_web(page):
    html = read(page)
    addresses = [tag["src"] for tag in html.select("[src]")] + [tag["href"] for tag in html.select("link[href]")]
    assert not [address for address in addresses if address.startswith(("http:", "https:", "//"))]
    assert not re.search(r"import\s*\(|(src=|url\(|@import )\s*[\"']?(https?:)?//", page.read_text(encoding="utf-8"))


def test_mathjax_lies_beside_the_pages(page):
    (script,) = read(page).select("script[src]")
    mathjax, config = script["src"].split("?config=")
    assert (page.parent / mathjax).is_file()
    for name in config.split(","):
        assert (page.parent / mathjax).with_name("config").joinpath(f"{name}.js").is_file()
    assert list((page.parent / mathjax).parent.glob("fonts/**/*.woff"))


def test_title_and_formula(exported):
    html = read(exported / "03_small.html")
    assert html.title.text == "3 · A small chapter"
    assert "$x_1 < x_2$" in html.select_one(".jp-RenderedMarkdown").text


def test_pictures_keep_alternative_text_and_size(exported):
    described, plain, soft = read(exported / "03_small.html").select("img")
    assert (described["alt"], described["width"], described["height"]) == (ALT, "40", "20")
    assert ALT not in str(plain) and soft["alt"] == ALT


def test_hidden_code_is_folded_and_its_pictures_are_not(exported):
    (details,) = read(exported / "03_small.html").select("details")
    assert details.summary.text == "drawing code" and "open" not in details.attrs
    assert "plt.plot(x)" in details.text and "1 + 1" not in details.text and not details.select("img")


def test_links_lead_to_pages_and_to_the_repository(exported):
    blob = REPOSITORY.removesuffix(".git") + "/blob/main/gan_helpers"
    assert links(exported / "03_small.html") == [
        "https://example.org/colab",
        "04_next.html#a-part",
        "solutions/03_small.html",
        f"{blob}/models/gan.py#L3",
        "#a-part",
    ]
    assert links(exported / "solutions" / "03_small.html") == ["../03_small.html#a-part", f"{blob}/losses.py"]
