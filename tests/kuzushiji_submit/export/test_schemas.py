"""The official schemas, where they are at hand: they are not the project's to hand on.

`KUZUSHIJI_SCHEMAS` names a folder with `pagecontent.xsd` (PAGE XML 2019-07-15), `alto-4-4.xsd` and `xlink.xsd` (both by
the Library of Congress); `docs/formats-out.md` says where they come from.
"""

import os
from pathlib import Path

import pytest
from hypothesis import given
from lxml import etree

from kuzushiji_submit.export.alto import render_alto
from kuzushiji_submit.export.page_xml import render_page_xml
from kuzushiji_submit.export.text_columns import lay_out
from tests.kuzushiji_submit.export.conftest import CREATED, exported_pages, few, ruby_page

pytestmark = pytest.mark.slow

RENDER = {"pagecontent.xsd": render_page_xml, "alto-4-4.xsd": render_alto}


class _Beside(etree.Resolver):
    """Finds what a schema imports from the network beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resolve(self, url, public_id, context):
        beside = self.folder / url.rpartition("/")[2]
        return self.resolve_filename(str(beside), context) if beside.is_file() else None


@pytest.fixture(scope="module", params=sorted(RENDER))
def schema(request):
    """The schema, and the function that writes its format."""
    path = Path(os.environ.get("KUZUSHIJI_SCHEMAS", ".")) / request.param
    if not path.is_file():
        pytest.skip(f"{request.param} is not in the folder that KUZUSHIJI_SCHEMAS names")
    parser = etree.XMLParser()
    parser.resolvers.add(_Beside(path.parent))
    return etree.XMLSchema(etree.parse(path, parser)), RENDER[request.param]


def test_pages_with_and_without_characters_are_valid(schema):
    validator, render = schema
    for page in (lay_out("b", "b.jpg", (9, 9), 1, []), ruby_page()):
        validator.assertValid(etree.fromstring(render(page, CREATED)))


@given(page=exported_pages)
@few
def test_every_page_is_valid(schema, page):
    validator, render = schema
    validator.assertValid(etree.fromstring(render(page, CREATED)))


def test_the_schema_can_fail(schema):
    validator, render = schema
    root = etree.fromstring(render(ruby_page(), CREATED))
    root[-1].tag = "{urn:other}Other"
    assert not validator.validate(root)
