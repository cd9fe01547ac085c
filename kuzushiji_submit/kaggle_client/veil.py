"""Secrets as `***`: in whatever is printed or written, in every form that a request or an error gives them."""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_SHORTEST = 5  # characters; to hide a shorter one would hide ordinary words


class Veil:
    """Hides a set of secrets in texts.

    Args:
        secrets: the secrets; of one with several lines each line counts.
        users: names that may stand before a key, as in "Basic base64(user:key)" (RFC 7617).
    """

    def __init__(self, secrets: Iterable[str], users: Iterable[str] = ()) -> None:
        whole = {part for secret in secrets for part in (secret, secret.strip(), *secret.split())}
        whole = {secret for secret in whole if len(secret) >= _SHORTEST}
        pairs = {f"{user}:{secret}" for user in users for secret in whole}
        forms = {form for secret in whole for form in _forms(secret)}
        forms |= {form for pair in pairs for form in (pair, *_encoded(pair))}
        ordered = sorted(forms, key=lambda form: (-len(form), form))  # a part must not break up the whole
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if forms else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def values(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """A JSON value without secrets in its texts; names of entries stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.values(entry) for key, entry in value.items()}
        return [self.values(entry) for entry in value] if isinstance(value, list) else value


class VeiledStream:
    """A text stream that hides secrets in what is written to it; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.veil = Veil(())

    def write(self, text: str) -> int:
        """Writes the text without secrets; the count is the original's, as writers expect."""
        self._stream.write(self.veil.text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes each text without secrets."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


def _forms(secret: str) -> set[str]:
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1]}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return forms | _encoded(secret)


def _encoded(text: str) -> set[str]:
    content = text.encode("utf-8", "surrogateescape")
    both = {base64.b64encode(content).decode(), base64.urlsafe_b64encode(content).decode()}
    return both | {form.rstrip("=") for form in both} | {quote(form, safe="") for form in both}
