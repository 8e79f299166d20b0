"""The page as people see it, in a real browser, from file://."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from medmat_core.preview import PreviewOptions, preview
from medmat_core.records import Built
from tests.built import NAMES, built, label_record, opened, picture, toy
from tests.preview.chromium import Browser

pytestmark = pytest.mark.browser

LABELS = 9
BOXES = 8
STRUCTURES = 8


def page_of(out: Path, limit: int = 100_000) -> Path:
    return preview(Built.open(out), PreviewOptions(limit=limit)).page


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = toy(tmp_path_factory.mktemp("plain"))
    lines = [
        {"level": level, "dataset": slug, "file": f"{n}.png", "row": None, "reason": reason, "detail": f"detail {n}"}
        for n, (level, slug, reason) in enumerate(
            [
                ("note", "toy-labels", "no_label"),
                ("refused", "toy-boxes", "missing_mask"),
                ("refused", "toy-boxes", "missing_image"),
            ]
        )
    ]  # fmt: skip
    (out / "problems.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return page_of(out)


@pytest.fixture(autouse=True)
def nothing_is_amiss(browser: Browser) -> Iterator[None]:
    yield
    assert browser.faults() == []
    away = [url for url in browser.requests() if not url.startswith(("file:", "about:", "data:"))]
    assert away == []


def cards(browser: Browser) -> int:
    return int(browser.js("document.querySelectorAll('#grid .card').length"))


def status(browser: Browser) -> str:
    return browser.text("#status")


def choose(browser: Browser, facet: str, value: str) -> None:
    browser.click(f'button[data-facet="{facet}"][data-value="{value}"]')


def test_all_questions_lie_in_a_grid_with_their_pictures(browser: Browser, plain: Path) -> None:
    browser.open(plain)
    assert f"{LABELS + BOXES + STRUCTURES} questions of 2 data sets" in status(browser)
    browser.pictures()
    assert browser.js("Array.from(document.images).every((image) => image.naturalWidth === 60)")


@pytest.mark.parametrize(
    ("facet", "value", "left"),
    [
        ("dataset", "2 toy-labels", LABELS),
        ("ask", "box", BOXES),
        ("split", "test", 12),
        ("kind", "open, no options", 1),
        ("subset", "44 · End, Intestine, Polyp Segmentation", BOXES + STRUCTURES),
    ],
)
def test_a_filter_leaves_what_it_says(browser: Browser, plain: Path, facet: str, value: str, left: int) -> None:
    browser.open(plain)
    browser.wait(f"document.querySelector('button[data-facet=\"{facet}\"]')")
    values = browser.js(
        f"Array.from(document.querySelectorAll('[data-facet=\"{facet}\"][data-value]'), (b) => b.dataset.value)"
    )
    named = next(one for one in values if one.split(" · ")[0] == value.split(" · ")[0])
    choose(browser, facet, named)
    assert status(browser).startswith(f"{left} question")
    choose(browser, facet, named)
    assert status(browser).startswith("25 question")


def test_filters_meet_and_stand_in_the_address(browser: Browser, plain: Path) -> None:
    browser.open(plain)
    choose(browser, "ask", "structure")
    choose(browser, "split", "train")
    assert status(browser).startswith("4 question")
    state = browser.js("location.hash.slice(1)")
    browser.open(plain, state)
    assert status(browser).startswith("4 question")


def test_words_are_searched_in_answers_names_and_keys(browser: Browser, plain: Path) -> None:
    browser.open(plain)
    browser.press("/")
    browser.type("animal")
    browser.wait("document.querySelector('#status').textContent.startsWith('9 question')")
    browser.type(" labels/03")
    browser.wait("document.querySelector('#status').textContent.startsWith('1 question')")
    browser.js("document.querySelector('#search').select()")
    browser.type("no such thing")
    browser.wait("document.querySelector('#status').textContent.includes('Nothing fits')")


def test_the_right_option_shows_on_space_and_hides_again(browser: Browser, plain: Path) -> None:
    browser.open(plain, "dataset=toy-labels&q=labels/02")
    browser.click(".card")
    assert browser.js("document.querySelector('dialog button.right') === null")
    browser.press(" ")
    assert browser.text("dialog button.right span") == NAMES[2]
    browser.press(" ")
    assert browser.js("document.querySelector('dialog button.right') === null")


def test_a_wrong_choice_is_told_from_the_right_one(browser: Browser, plain: Path) -> None:
    browser.open(plain, "dataset=toy-labels&q=labels/02")
    browser.click(".card")
    browser.click("dialog .options button:nth-child(1)")
    assert browser.text("dialog button.wrong span") == NAMES[0]
    assert browser.text("dialog button.right span") == NAMES[2]


def test_an_open_question_has_no_options_and_tells_its_answer(browser: Browser, plain: Path) -> None:
    browser.open(plain, "kind=open")
    browser.click(".card")
    assert browser.js("document.querySelectorAll('dialog .options button').length") == 0
    browser.press(" ")
    assert browser.text("dialog .open .answer") in NAMES


def test_boxes_are_drawn_in_pixels_of_the_picture_once_the_answer_is_told(browser: Browser, plain: Path) -> None:
    browser.open(plain, "ask=box&q=boxes/00")
    browser.click(".card")
    assert browser.js("document.querySelectorAll('dialog .pictures rect.box').length") == 0
    browser.press(" ")
    drawn = browser.js(
        "Array.from(document.querySelectorAll('dialog .pictures rect.asked'), (r) => "
        "['x', 'y', 'width', 'height'].map((name) => Number(r.getAttribute(name))))"
    )
    assert drawn == [[2, 3, 18, 11], [30, 20, 11, 18]]
    assert browser.js("document.querySelectorAll('dialog .pictures rect.other').length") == 1


def test_the_other_options_boxes_are_drawn_on_request(browser: Browser, plain: Path) -> None:
    browser.open(plain, "ask=box&q=boxes/00")
    browser.click(".card")
    browser.press("o")
    assert browser.js("document.querySelectorAll('dialog .pictures rect.option').length") == 6
    browser.press(" ")
    texts = browser.js("Array.from(document.querySelectorAll('dialog .pictures text'), (t) => t.textContent)")
    assert sorted(set(texts)) == ["A", "C"]
    corner = browser.js("document.querySelector('dialog .pictures rect.option').getBoundingClientRect().x > 0")
    assert corner


@pytest.mark.parametrize("fmt", ["thousand", "pixel", "qwen25", "gemini", "internvl"])
def test_boxes_of_options_lie_at_the_same_place_in_every_format(browser: Browser, tmp_path: Path, fmt: str) -> None:
    page = page_of(toy(tmp_path, fmt=fmt))  # type: ignore[arg-type]
    browser.open(page, "ask=box&q=boxes/00")
    browser.click(".card")
    browser.press("o")
    drawn = browser.js(
        "Array.from(document.querySelectorAll('dialog .pictures rect.option'), (r) => "
        "['x', 'y', 'width', 'height'].map((name) => Number(r.getAttribute(name)))).slice(2, 4)"
    )
    for found, meant in zip(drawn, [[2, 3, 18, 11], [30, 20, 11, 18]], strict=True):
        assert found == pytest.approx(meant, abs=1)


def test_the_box_that_a_question_names_is_drawn_before_the_answer(browser: Browser, plain: Path) -> None:
    browser.open(plain, "ask=structure")
    browser.click(".card")
    assert browser.js("document.querySelectorAll('dialog .pictures rect.named').length") == 1
    assert browser.js("document.querySelectorAll('dialog .pictures rect.asked').length") == 0


def test_a_round_stands_side_by_side_under_one_question(browser: Browser, plain: Path) -> None:
    browser.open(plain, "view=rounds&dataset=toy-labels")
    assert status(browser).startswith("2 rounds")
    browser.click(".card")
    assert browser.js("document.querySelectorAll('dialog .pictures figure').length") == 4
    assert browser.js("document.querySelectorAll('dialog .question').length") == 1
    browser.press(" ")
    answers = browser.js("Array.from(document.querySelectorAll('dialog figcaption .answer'), (a) => a.textContent)")
    assert sorted(answers) == sorted(NAMES)
    boxes = browser.js(
        "Array.from(document.querySelectorAll('dialog .pictures figure'), (f) => f.getBoundingClientRect().y)"
    )
    assert len(set(boxes)) == 1


def test_a_round_is_reached_from_its_question_and_back(browser: Browser, plain: Path) -> None:
    browser.open(plain, "dataset=toy-labels&q=labels/02")
    browser.click(".card")
    browser.press("r")
    assert browser.js("document.querySelectorAll('dialog .pictures figure').length") == 4
    browser.press("r")
    assert browser.js("document.querySelectorAll('dialog .pictures figure').length") == 0
    browser.press("Escape")
    browser.wait("!document.querySelector('#detail').open")


def test_arrows_walk_through_questions_and_cards(browser: Browser, plain: Path) -> None:
    browser.open(plain)
    browser.press("ArrowRight")
    browser.press("ArrowRight")
    browser.press("Enter")
    assert browser.text("dialog .bar span").startswith("2 of")
    browser.press("ArrowRight")
    assert browser.text("dialog .bar span").startswith("3 of")


def test_problems_are_a_view_with_filters_of_its_own(browser: Browser, plain: Path) -> None:
    browser.open(plain)
    browser.press("3")
    browser.wait("document.querySelectorAll('.problem').length === 3")
    choose(browser, "level", "refused")
    assert cards(browser) == 2
    choose(browser, "reason", "missing_mask")
    assert cards(browser) == 1
    assert "a picture has no mask file" in browser.text(".problem")


def test_dark_follows_the_system_and_a_button_turns_it(browser: Browser, plain: Path) -> None:
    def back() -> list[int]:
        found = browser.js("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert isinstance(found, list)
        return found

    browser.js("localStorage.clear()")
    browser.size(1200, 800, dark=True)
    browser.open(plain)
    assert max(back()) < 60
    browser.press("t")
    assert min(back()) > 200
    browser.js("localStorage.clear()")


def test_a_narrow_window_shows_one_thing_at_a_time_and_nothing_is_cut(browser: Browser, plain: Path) -> None:
    browser.size(390, 800)
    browser.open(plain)
    assert browser.js(
        "document.documentElement.scrollWidth <= 390 && document.querySelector('#scroller').scrollWidth <= 390"
    )
    assert browser.js("getComputedStyle(document.querySelector('#filters')).display") == "none"
    browser.click("#menu")
    assert browser.js("getComputedStyle(document.querySelector('#filters')).display") == "block"


HOSTILE = [
    "a\"b'c.png", "<script>document.title='run'<_script>.png", "<img src=x onerror=document.title='run'>.png",
    "x#y?z%20w%.png", "line\nbreak.png", "\u202egnp.exe\u202c.png", "back\\slash.png", "${1+1}`.png",
    "ünï 漢 🙂.png", "&amp;.png",
]  # fmt: skip


def test_hostile_names_are_shown_as_they_are_and_do_nothing(browser: Browser, tmp_path: Path) -> None:
    out = tmp_path / "o#u?t %41"
    records = []
    for number, name in enumerate(HOSTILE):
        picture(out / "med-mat" / "q#%?" / name, number)
        records.append(label_record(f"med-mat/q#%?/{name}", number, question=name, group=name, captions=(name,)))
    page = page_of(built(out, records))
    browser.open(page)
    browser.pictures()
    assert browser.js("Array.from(document.images, (image) => image.naturalWidth)") == [60] * len(HOSTILE)
    shown = browser.js("Array.from(document.querySelectorAll('.card .question'), (p) => p.textContent)")
    assert sorted(shown) == sorted(HOSTILE)
    for number in range(len(HOSTILE)):
        browser.js(f"document.querySelector('.card[data-n=\"{number}\"]').click()")
        browser.press("r")
        browser.press("r")
        path = browser.text("dialog .facts a")
        assert not any(mark in path for mark in "\n\u202e\u202c")
        browser.press("Escape")
        browser.wait("!document.querySelector('#detail').open")
    assert browser.js("document.title") == "medmat preview"
    assert browser.js("document.querySelectorAll('script[src]').length") == 7


def test_hostile_problems_are_text_too(browser: Browser, tmp_path: Path) -> None:
    out = toy(tmp_path)
    line = {
        "level": "refused",
        "dataset": "<i>",
        "file": HOSTILE[2],
        "row": 1,
        "reason": "<b>x</b>",
        "detail": HOSTILE[1],
    }
    (out / "problems.jsonl").write_text(json.dumps(line) + "\n")
    browser.open(page_of(out), "view=problems")
    assert HOSTILE[2] in browser.text(".problem .file") and HOSTILE[1] in browser.text(".problem .detail")
    assert browser.js("document.querySelectorAll('.problem i, .problem img, .problem script').length") == 0


def test_a_picture_that_is_gone_says_so_in_its_place(browser: Browser, tmp_path: Path) -> None:
    page = page_of(built(tmp_path, [opened(label_record("med-mat/gone.png", 0))]))
    browser.open(page)
    browser.wait("document.querySelector('.stage.broken')")
    assert "med-mat/gone.png" in browser.text(".stage.broken")
    browser.events.clear()  # the browser tells it, too


def many(out: Path, count: int) -> Path:
    """Records of pictures that need not be there."""
    made = [
        label_record(f"med-mat/folder-{n // 1000:03d}/picture_{n:07d}.png", n, group=f"toy:{n // 3}")
        for n in range(count)
    ]
    return built(out, [evolve(one, question=f"{one.question} {n % 50}") for n, one in enumerate(made)])


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_of(many(tmp_path_factory.mktemp("large"), 100_000))


def test_a_hundred_thousand_records_are_few_elements_and_little_memory(browser: Browser, large: Path) -> None:
    browser.open(large)
    assert "100,000 questions" in status(browser)
    assert cards(browser) < 60
    assert sum(path.stat().st_size for path in large.parent.glob("data-*.js")) < 50e6
    browser.call("HeapProfiler.collectGarbage")
    assert browser.call("Runtime.getHeapUsage")["usedSize"] < 50e6
    browser.events.clear()  # pictures that are not there


def test_the_last_of_a_hundred_thousand_is_reached_by_scrolling(browser: Browser, large: Path) -> None:
    browser.size(420, 800)  # one or two columns: taller than a browser's tallest page
    browser.open(large)
    browser.js("document.querySelector('#scroller').scrollTop = 1e9")
    browser.wait("document.querySelector('.card[data-n=\"99999\"]')")
    assert cards(browser) < 60
    assert browser.js(
        "(() => { const r = document.querySelector('.card[data-n=\"99999\"]').getBoundingClientRect();"
        " return r.top > 0 && r.bottom <= innerHeight; })()"
    )
    browser.events.clear()


def test_one_of_a_hundred_thousand_is_found(browser: Browser, large: Path) -> None:
    browser.open(large, "q=picture_0077777")
    assert status(browser).startswith("1 question")
    browser.events.clear()


def test_beyond_the_limit_one_data_set_or_page_is_open_at_a_time(browser: Browser, tmp_path: Path) -> None:
    browser.open(page_of(toy(tmp_path, count=16), limit=16))
    assert status(browser).startswith("13 question")  # the next round has no room
    options = browser.js("Array.from(document.querySelector('#filters select').options, (o) => o.value)")
    assert options[:2] == ["toy-labels-1", "toy-labels-2"]
    browser.js(
        "(() => { const s = document.querySelector('#filters select'); s.value = 'toy-labels-2';"
        " s.dispatchEvent(new Event('change')); })()"
    )
    browser.wait("document.querySelector('#status').textContent.startsWith('4 question')")
