"""The brush fonts of the generator: only `kuzushiji synthesize` needs them."""

from collections.abc import Iterator

from kuzushiji_submit.diagnosis.finding import Finding, Verdict

_ADVICE = "bash scripts/fonts.sh fetches them (docs/fonts.md); only `kuzushiji synthesize` needs them"


def look_at_fonts() -> Iterator[Finding]:
    """Which fonts are installed or lie in fonts/ here, and which packages would bring more."""
    from kuzushiji_submit.synthetic.font_catalog import missing_packages
    from kuzushiji_submit.synthetic.fonts import FontError, discover_fonts

    try:
        fonts = discover_fonts()
    except FontError as error:
        yield Finding("fonts", str(error), Verdict.NOTE, _ADVICE)
        return
    found = f"{len(fonts)} found: {', '.join(path.name for path in fonts)}"
    missing = missing_packages(fonts)
    if missing:
        yield Finding("fonts", f"{found}; missing: {', '.join(missing)}", Verdict.NOTE, _ADVICE)
    else:
        yield Finding("fonts", found)
