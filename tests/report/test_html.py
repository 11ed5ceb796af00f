"""The page: one file, whole, escaped, and readable on a telephone."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sim.report import files
from tests.report.conftest import HOSTILE

VOID = {"meta", "img", "source", "br", "link"}
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr",
)  # fmt: skip
PROBE = """
<body style="margin:0"><pre id="found"></pre><iframe id="page" src="PAGE" style="width:400px;height:900px;border:0">
</iframe><script>
onload = () => {
  const page = document.getElementById("page").contentDocument, root = page.documentElement;
  const wide = [...page.querySelectorAll("p, li, h1, h2, figure, nav")].filter(
    part => part.getBoundingClientRect().right > 400.5);
  const images = [...page.images];
  document.getElementById("found").textContent = JSON.stringify({
    scroll: root.scrollWidth, wide: wide.map(part => part.textContent.slice(0, 40)), images: images.length,
    missing: images.filter(image => !image.complete || !image.naturalWidth).length,
    narrow: images.filter(image => image.naturalWidth < 330).length,
    small: [...page.querySelectorAll("p, td, th, li, figcaption")].filter(
      part => parseFloat(getComputedStyle(part).fontSize) < 13).length,
    scripts: page.scripts.length,
  });
};
</script>
"""


class Reader(HTMLParser):
    """Keeps what a browser would make of a page: tags in their order, attributes, words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data):
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [about for name, about in self.tags if name == tag]


@pytest.fixture(scope="module")
def file(folders, tmp_path_factory) -> Path:
    """The page of two results, one of them with hostile names."""
    target = tmp_path_factory.mktemp("pages") / "pair.html"
    return files.save(files.read([str(folders["wild"]), str(folders["rich"])]), target, "html")


@pytest.fixture(scope="module")
def page(file) -> Reader:
    return Reader(file.read_text(encoding="utf-8"))


def test_every_tag_is_closed(page) -> None:
    assert page.open == []


def test_nothing_lies_outside_the_file(page) -> None:
    addresses = [about.get(key) for _, about in page.tags for key in ("src", "srcset", "href") if about.get(key)]
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert not page.of("script")
    assert not page.of("link")
    assert any("default-src 'none'" in (about.get("content") or "") for about in page.of("meta"))


def test_names_are_words_and_never_markup(page, file) -> None:
    assert "<script" not in file.read_text(encoding="utf-8")
    assert any(HOSTILE in words for words in page.words)
    assert {key for _, about in page.tags for key in about if key.startswith("on")} == set()


def test_every_figure_is_there_in_both_widths_with_words_and_numbers(page) -> None:
    images = page.of("img")
    assert len(images) == len(page.of("source")) == len(page.of("figure")) > 3
    for image in images:
        assert len(image["alt"]) > 20
        assert int(image["width"]) == 624
    for about, key in [(image, "src") for image in images] + [(source, "srcset") for source in page.of("source")]:
        kind, _, data = about[key].partition(",")
        assert kind == "data:image/svg+xml;base64"
        root = ElementTree.fromstring(base64.b64decode(data))
        assert root.tag.endswith("svg")
        assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    numbers = [link for link in page.of("a") if link.get("download")]
    assert len(numbers) == len(images)
    assert len({link["download"] for link in numbers}) == len(numbers)


def test_links_lead_somewhere(page) -> None:
    targets = {about.get("id") for _, about in page.tags}
    links = [link["href"][1:] for link in page.of("a") if link["href"].startswith("#")]
    assert links
    assert set(links) <= targets


def test_it_says_what_made_it(page, folders) -> None:
    text = " ".join(page.words)
    for name in ("wild", "rich"):
        manifest = json.loads((folders[name] / "manifest.json").read_text())
        assert manifest["scenario_hash"] in text
        assert manifest["versions"]["aimarkets"] in text
    for words in ("seeds 1 to 3", "Known limits", "Assumptions that differ", "Release choices and their reasons"):
        assert words in text


def test_the_same_results_give_the_same_page(file, folders) -> None:
    again = files.written(files.read([str(folders["wild"]), str(folders["rich"])]), "html")
    assert again == file.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_in_a_browser_at_400_pixels(file, tmp_path) -> None:
    (tmp_path / "page.html").write_bytes(file.read_bytes())
    probe = tmp_path / "probe.html"
    probe.write_text(PROBE.replace("PAGE", "page.html"), encoding="utf-8")
    command = [
        BROWSER, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", "--allow-file-access-from-files",
        "--virtual-time-budget=20000", "--window-size=500,1000", "--dump-dom", probe.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    found = json.loads(done.stdout.partition('<pre id="found">')[2].partition("</pre>")[0])
    assert found["images"] > 3
    assert found["scroll"] <= 400
    assert (found["wide"], found["missing"], found["small"], found["scripts"]) == ([], 0, 0, 0)
    assert found["narrow"] == found["images"]  # the narrow drawing is the one that is shown
