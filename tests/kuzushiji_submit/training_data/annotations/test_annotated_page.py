"""What annotation files call images and characters."""

import pytest

from kuzushiji_submit.training_data.annotations.annotated_page import AnnotatedPage, base_name, to_codepoint


@pytest.mark.parametrize(
    ("text", "codepoint"),
    [
        ("", None),
        ("はか", None),
        ("は", "U+306F"),
        (" は\n", "U+306F"),
        ("U+306F", "U+306F"),
        ("か\u3099", "U+304C"),
        ("ん\u3099", None),
        ("𛀁", "U+1B001"),
        ("u+306f", None),
    ],
)
def test_one_character_is_one_codepoint(text, codepoint):
    assert to_codepoint(text) == codepoint


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", ""),
        ("b_1.jpg", "b_1.jpg"),
        ("OCR-D-IMG/b_1.jpg", "b_1.jpg"),
        (r"C:\scans\b_1.jpg", "b_1.jpg"),
        ("https://example.org/iiif/b_1.jpg", "b_1.jpg"),
    ],
)
def test_folders_of_any_kind_are_no_part_of_a_name(path, name):
    assert base_name(path) == name


@pytest.mark.parametrize(
    ("name", "image_id"), [("b_1.jpg", "b_1"), ("b.1.tar.png", "b.1.tar"), ("b_1", "b_1"), (".jpg", ".jpg")]
)
def test_an_image_id_is_the_name_without_its_suffix(name, image_id):
    assert AnnotatedPage(name).image_id == image_id


def test_a_page_without_characters_is_truth_too():
    truth = AnnotatedPage("b_1.jpg").to_truth()
    assert (truth.image_id, truth.codepoints, truth.boxes.shape) == ("b_1", (), (0, 4))
