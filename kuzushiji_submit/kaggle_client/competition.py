"""Names and addresses of the competition at Kaggle."""

COMPETITION = "kuzushiji-recognition"


def rules_page(competition: str) -> str:
    """Where the rules are accepted."""
    return f"https://www.kaggle.com/competitions/{competition}/rules"


def submissions_page(competition: str) -> str:
    """Where the submissions and their scores are seen."""
    return f"https://www.kaggle.com/competitions/{competition}/submissions"


def advice_for(competition: str) -> dict[int, str]:
    """What to do about a status, wherever the competition is asked for."""
    return {
        403: f"accept the rules at {rules_page(competition)} with this account, then run the same command again",
        404: f"there is no competition {competition!r}, or it is closed: check --competition",
    }
