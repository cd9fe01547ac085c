"""No form of a secret that a request or an error gives it is printed."""

import base64
import io
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.kaggle_client.veil import Veil, VeiledStream

SECRETS = st.text(st.characters(codec="utf-8"), min_size=8, max_size=40).filter(lambda text: len(text.split()) == 1)


@pytest.mark.parametrize("secrets", [(), ("",), ("ab",), ("  ",)])
def test_nothing_to_hide(secrets):
    assert Veil(secrets).text("about cabs") == "about cabs"


@given(SECRETS.filter(lambda text: text == text.strip()))
def test_every_form(secret):
    veil = Veil([secret], ["tester"])
    pair = base64.b64encode(f"tester:{secret}".encode()).decode()
    forms = [secret, repr(secret), json.dumps(secret), quote(secret, safe=""), pair]
    for form in [*forms, base64.b64encode(secret.encode()).decode()]:
        assert secret not in veil.text(form)
        assert "***" in veil.text(form)
    assert pair not in veil.text(f"Basic {pair}")


def test_each_line_of_a_secret_counts():
    said = Veil(["KGAT_first\nKGAT_second"]).text(repr(b"Bearer KGAT_first\nKGAT_second") + " KGAT_second")
    assert said == r"b'Bearer ***' ***"


def test_texts_inside_json_values_and_streams():
    veil = Veil(["KGAT_first"])
    assert veil.values({"a": ["KGAT_first", 1, None]}) == {"a": ["***", 1, None]}
    stream = VeiledStream(io.StringIO())
    stream.veil = veil
    assert stream.write("is KGAT_first") == 13
    stream.writelines(["; KGAT_first", "!"])
    assert stream.getvalue() == "is ***; ***!"
