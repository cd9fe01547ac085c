"""The whole report, read back from its HTML."""

import json
import re
from collections import Counter
from urllib.parse import urlsplit

import numpy as np
import pytest

from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.core.errors import CompetitionFileError, OutputError, SubmissionError
from kuzushiji_submit.report.build_report import build_report
from kuzushiji_submit.report.folder import safe_names

HA, HO, KA, NI = "U+306F", "U+307B", "U+304B", "U+306B"
SCORED, UNSCORED = "100-00001_1", "200-00001_1"
SIGNS = ("hit", "misread", "extra", "false-alarm", "missed", "unscored")


def build(competition, *, truth=True, characters=True, **changes):
    return build_report(
        images=competition.images,
        submission=competition.submission,
        out=competition.root / "out",
        truth=competition.truth if truth else None,
        characters=competition.characters if characters else None,
        show_progress=False,
        **changes,
    )


def marks_by_kind(page) -> Counter[str]:
    return Counter(kind for mark in page.classed("mark") for kind in SIGNS if kind in mark.classes)


def cells_of(page, row_name) -> list[str]:
    """The texts of the table row whose first cell reads `row_name`."""
    for place, element in enumerate(page.elements):
        if element.tag == "th" and element.attributes.get("scope") == "row" and element.text == row_name:
            rest = page.elements[place + 1 :]
            end = next((number for number, other in enumerate(rest) if other.tag == "tr"), len(rest))
            return [other.text for other in rest[:end] if other.tag == "td"]
    raise AssertionError(f"no row {row_name}")


def test_images_whose_names_have_another_form_are_shown(sample, read_html, caplog):
    (path,) = sample.images.glob(f"{SCORED}.*")
    path.rename(path.with_name(f"{path.name}{path.suffix}"))
    assert dict(build(sample).unreadable) == {}
    assert f"1 id is written otherwise than the file: '{SCORED}' is '{path.name}'" in caplog.text


def test_marks_are_the_scorers_counts(sample, read_html):
    summary = build(sample)
    assert summary.score is not None
    assert summary.score.counts == Counts(2, 3, 2)
    assert summary.score.detection == Counts(3, 2, 1)
    assert (summary.pages, summary.characters, dict(summary.unreadable)) == (2, 7, {})
    page = read_html(sample.root / "out" / "pages" / f"{SCORED}.html")
    assert marks_by_kind(page) == {"hit": 2, "misread": 1, "extra": 1, "false-alarm": 1, "missed": 1}
    legend = [element.text for element in page.classed("amount")]
    assert legend == ["2", "1", "1", "1", "1"]
    errors = [element for element in page.tagged("a") if element.attributes["href"].startswith("#")]
    assert len(errors) == 4
    assert [element.text for element in page.tagged("dd")[-7:]] == ["0.444", "0.400", "0.500", "0.667", "2", "3", "2"]


def test_a_page_without_truth_is_shown_unscored(sample, read_html):
    build(sample)
    page = read_html(sample.root / "out" / "pages" / f"{UNSCORED}.html")
    assert marks_by_kind(page) == {"unscored": 2}
    assert [element.text for element in page.classed("beside", "read")] == ["は", "か"]
    assert "no truth to compare with" in page.source
    assert "2 readings of 2 not found in the characters file" in page.source


def test_index_lists_books_pages_and_confusions(sample, read_html):
    build(sample)
    index = read_html(sample.root / "out" / "index.html")
    assert cells_of(index, "100") == ["1", "5", "0.444", "0.400", "0.500", "2", "3", "2", "0.667"]
    assert cells_of(index, "200") == ["1", "2", *["–"] * 7]
    assert cells_of(index, SCORED)[2:5] == ["5", "4", "0.444"]
    assert cells_of(index, "は U+306F")[:3] == ["ほ U+307B", "1", "2"]
    assert "1 page without truth not counted" in index.source
    (crop,) = [element for element in index.tagged("img") if element.attributes["src"].startswith("crops/")]
    assert crop.attributes["alt"] == "は read as ほ"
    assert f"pages/{SCORED}.html#p2" in index.references


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize("characters", [True, False])
def test_every_reference_is_a_file_of_the_report(truth, characters, sample, read_html):
    build(sample, truth=truth, characters=characters)
    out = sample.root / "out"
    htmls = [out / "index.html", *(out / "pages").iterdir()]
    assert len(htmls) == 3
    for path in htmls:
        page = read_html(path)
        assert "http:" not in page.source
        assert "https:" not in page.source
        assert page.source.startswith('<!DOCTYPE html>\n<html lang="en">')
        for reference in page.references:
            parts = urlsplit(reference)
            assert not parts.scheme
            assert not parts.netloc
            target = (path.parent / parts.path).resolve() if parts.path else path
            assert target.is_relative_to(out)
            assert target.is_file(), f"{path.name}: {reference}"
            if parts.fragment:
                assert read_html(target).with_id(parts.fragment)
    for path in (out / "assets").iterdir():
        assert not re.search(r"https?:|//[a-z]|@import|url\((?!\"\$)", path.read_text("utf-8").replace("// ", "")), path


def test_ids_are_unique_and_japanese_is_marked(sample, read_html):
    build(sample)
    for path in (sample.root / "out" / "pages").iterdir():
        page = read_html(path)
        ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
        assert len(ids) == len(set(ids))
        assert [element.attributes["lang"] for element in page.tagged("svg")] == ["ja"]
        assert all(element.attributes.get("lang") == "ja" for element in page.classed("glyph"))


def test_the_inspectors_data_have_scores_boxes_and_alternatives(sample, read_html):
    build(sample)
    records = json.loads(read_html(sample.root / "out" / "pages" / f"{SCORED}.html").with_id("marks").text)
    assert list(records) == ["p0", "p1", "p2", "p3", "p4", "t3"]
    assert records["p2"] == {
        "kind": "misread",
        "css": "misread",
        "meaning": "right place, wrong character",
        "read": ["ほ", HO],
        "truth": ["は", HA],
        "point": [35, 115],
        "truthBox": [20, 100, 50, 130],
        "box": [20, 100, 50, 130],
        "score": 0.75,
        "detection": 0.9,
        "alternatives": [["ほ", HO, "0.800"], ["に", NI, "0.125"]],
    }
    assert records["t3"]["truth"] == ["に", NI]
    assert "read" not in records["t3"]


def test_what_the_text_changed_is_marked_and_counted(sample, read_html):
    lines = [json.loads(line) for line in sample.characters.read_text("utf-8").splitlines()]
    for line in lines[:3]:
        line["eye"] = [{"codepoint": KA, "character": "か", "score": 0.5}]
    sample.characters.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    build(sample)
    page = read_html(sample.root / "out" / "pages" / f"{SCORED}.html")
    changed = page.classed("mark", "changed")
    assert [mark.attributes["id"] for mark in changed] == ["p0", "p2"]  # the second is what the eye read, too
    assert "changed by its text from か" in changed[0].attributes["aria-label"]
    records = json.loads(page.with_id("marks").text)
    assert records["p0"]["eye"] == [["か", KA, "0.500"]]
    assert [records[name].get("changed") for name in ("p0", "p1", "p3")] == [True, False, None]
    assert page.classed("changes")[0].text.startswith("2 tinted characters")
    assert "hidden" not in {name for label in page.tagged("label") for name in label.attributes}


def test_without_a_change_there_is_nothing_to_filter(sample, read_html):
    build(sample)
    page = read_html(sample.root / "out" / "pages" / f"{SCORED}.html")
    assert not page.classed("changed")
    (label,) = [label for label in page.tagged("label") if "hidden" in label.attributes]
    assert "only what the text changed" in label.text


def test_pages_are_linked_in_the_submissions_order(competition, points, read_html):
    ids = ["c", "a", "b"]
    for image_id in ids:
        competition.add_image(image_id)
    competition.write_points(*(points(image_id) for image_id in ids))
    build(competition, truth=False, characters=False)
    links = {
        image_id: {
            element.attributes["rel"]: element.attributes["href"]
            for element in read_html(competition.root / "out" / "pages" / f"{image_id}.html").tagged("a")
            if element.attributes.get("rel") in ("prev", "next")
        }
        for image_id in ids
    }
    assert links == {"c": {"next": "a.html"}, "a": {"prev": "c.html", "next": "b.html"}, "b": {"prev": "a.html"}}


@pytest.mark.parametrize("with_truth", [True, False])
def test_an_empty_page(with_truth, competition, points, truth, read_html):
    competition.add_image("empty")
    competition.write_points(points("empty"))
    competition.write_truth(truth("empty"))
    summary = build(competition, truth=with_truth, characters=False)
    assert (summary.score is not None) is with_truth
    page = read_html(competition.root / "out" / "pages" / "empty.html")
    assert page.classed("mark") == []
    assert json.loads(page.with_id("marks").text) == {}
    assert ("Nothing is annotated here and nothing was read." in page.source) is with_truth
    index = read_html(competition.root / "out" / "index.html")
    assert cells_of(index, "empty")[-1] == "–" if with_truth else "0"


def test_hostile_ids_and_labels_are_only_text(competition, read_html):
    image_id = "<script>alert(1)<&>\"'x"
    label = "</script><script>alert(2)</script>\"'&"
    competition.add_image(image_id.replace("/", ""))
    page = PagePoints(
        image_id, (label, "U+003C", "U+D800", "\x1b"), np.array([[10.0, 10.0 + 30 * n] for n in range(4)])
    )
    competition.write_points(page)
    summary = build(competition, truth=False, characters=False)
    assert not summary.unreadable
    name = safe_names([image_id])[image_id]
    page = read_html(competition.root / "out" / "pages" / f"{name}.html")
    index = read_html(competition.root / "out" / "index.html")
    scripts = [element.attributes.get("src", element.attributes.get("id")) for element in page.tagged("script")]
    assert scripts == ["../assets/page.js", "../assets/tables.js", "marks"]
    assert [element.attributes["src"] for element in index.tagged("script")] == ["assets/tables.js", "assets/index.js"]
    assert page.tagged("h1")[0].text == image_id
    assert json.loads(page.with_id("marks").text)["p0"]["read"][1] == label
    assert [element.text for element in page.classed("beside")] == ["</scrip…", "<", "U+D800", "\ufffd"]
    assert not re.search("[\x00-\x08\x0b-\x1f]", page.source)
    assert image_id in [element.text for element in index.tagged("a")]


def test_an_unreadable_image_stops_nothing(sample, points, read_html):
    whole = (sample.images / f"{SCORED}.png").read_bytes()
    (sample.images / f"{SCORED}.png").write_bytes(whole[: len(whole) // 2])
    (sample.images / f"{UNSCORED}.png").unlink()
    sample.add_image("300")
    pages = sample.submission.read_text().splitlines()
    sample.submission.write_text("\n".join([*pages, "300,U+306F 20 20", ""]))
    summary = build(sample)
    assert set(summary.unreadable) == {SCORED, UNSCORED}
    assert summary.pages == 3
    assert summary.score is not None
    assert summary.score.counts == Counts(2, 3, 2)
    out = sample.root / "out"
    lost = read_html(out / "pages" / f"{SCORED}.html")
    assert lost.tagged("img") == []
    assert "cannot be decoded" in lost.classed("notice")[0].text
    assert sum(marks_by_kind(lost).values()) == 6
    assert len(read_html(out / "pages" / "300.html").tagged("img")) == 1
    index = read_html(out / "index.html")
    assert "2 page images could not be read" in index.classed("notice")[0].text
    assert [element.attributes["src"] for element in index.tagged("img")] == ["thumbnails/300.jpg"]
    assert len(index.classed("tag")) == 2


def test_max_pages_takes_the_first(sample):
    summary = build(sample, max_pages=1)
    assert summary.pages == 1
    assert [path.stem for path in (sample.root / "out" / "pages").iterdir()] == [SCORED]


def test_a_second_run_replaces_the_first(sample, read_html):
    build(sample)
    build(sample, truth=False, max_pages=1)
    out = sample.root / "out"
    assert [path.stem for path in (out / "scans").iterdir()] == [SCORED]
    assert list((out / "crops").iterdir()) == []
    assert "no truth given" in read_html(out / "index.html").source


def test_the_translation_table_names_the_characters(sample, read_html):
    table = sample.root / "unicode_translation.csv"
    table.write_text("Unicode,char\nU+306F,ハ\n", encoding="utf-8")
    build(sample, truth=False, translation=table)
    page = read_html(sample.root / "out" / "pages" / f"{SCORED}.html")
    assert [element.text for element in page.classed("beside", "read")] == ["ハ", "か", "ほ", "に", "に"]


def test_foreign_folders_are_refused_before_anything_is_written(sample):
    with pytest.raises(OutputError, match="not a report"):
        build_report(images=sample.images, submission=sample.submission, out=sample.images, show_progress=False)
    assert sorted(path.name for path in sample.images.iterdir()) == [f"{SCORED}.png", f"{UNSCORED}.png"]


def test_bad_input_leaves_an_earlier_report_as_it_was(sample, truth):
    summary = build(sample)
    before = summary.index.read_text("utf-8")
    sample.write_truth(truth("another", (HA, 1, 1, 2, 2)))
    with pytest.raises(SubmissionError, match="no page in common"):
        build(sample)
    sample.characters.write_text("{}\n")
    with pytest.raises(CompetitionFileError, match="line 1"):
        build(sample, truth=False)
    assert summary.index.read_text("utf-8") == before


def test_a_submission_without_rows_is_refused(competition):
    competition.write_points()
    with pytest.raises(SubmissionError, match="no row"):
        build(competition, truth=False, characters=False)
