"""`kuzushiji submit` against the real client: what counts as submitted, and what every failure says."""

import pytest
from kaggle_server import COMPETITION, Failure, zip_of

from kuzushiji_submit.cli import main
from kuzushiji_submit.kaggle_client import client as client_module
from kuzushiji_submit.kaggle_client.submit import Submission, list_submissions, mark_of

RULES = "https://www.kaggle.com/competitions/kuzushiji-recognition/rules"
LISTING = "https://www.kaggle.com/competitions/kuzushiji-recognition/submissions"

ACCEPT = f"accept the rules at {RULES} with this account, then run the same command again"
NO_SUCH = "there is no competition 'kuzushiji-recognition', or it is closed: check --competition"


@pytest.fixture
def file(write_csv):
    write_csv("sample_submission.csv", ["image_id,labels", "a,U+003F 1 1 U+FF2F 2 2"])
    return write_csv("submission.csv", ["image_id,labels", "a,U+3042 5 5"])


@pytest.fixture
def submit(kaggle, run, file):
    return lambda *more: run("submit", file, "-m", "first try", *more)


def test_submits_and_prints_what_kaggle_lists(kaggle, submit, file):
    code, out, _ = submit()
    mark = mark_of(file)
    assert (code, out) == (0, f"{file}: submission 50000001: first try {mark}\npublic 0.9, private 0.8\n")
    assert list(kaggle.uploads.values()) == [file.read_bytes()]
    assert kaggle.submissions[0]["description"] == f"first try {mark}"
    assert kaggle.calls("CreateSubmission")[0].body["competitionName"] == COMPETITION


def test_waits_for_the_score(kaggle, submit, pauses):
    pending = {"status": "PENDING"}
    kaggle.scoring = [pending, pending, pending, {"status": "COMPLETE", "publicScore": "0.95", "privateScore": ""}]
    code, out, _ = submit("--wait")
    assert (code, out.splitlines()[1]) == (0, "public 0.95, private not shown")
    assert pauses == [5.0, 7.5, 11.25]


def test_without_wait_a_pending_score_is_said(kaggle, submit):
    kaggle.scoring = [{"status": "PENDING"}]
    code, out, _ = submit()
    assert (code, out.splitlines()[1]) == (0, "pending: run the same command with --wait for the score")


def test_the_same_file_is_not_uploaded_twice(kaggle, submit, file):
    submit()
    code, out, said = submit("--wait")
    assert (code, out.splitlines()[1]) == (0, "public 0.9, private 0.8")
    assert said == f"{file} is submitted already, as 50000001: not uploaded again"
    assert len(kaggle.calls("PUT")) == len(kaggle.submissions) == 1
    assert submit("--again")[0] == 0
    assert len(kaggle.submissions) == 2


def test_a_file_that_failed_to_score_may_be_submitted_again(kaggle, submit):
    kaggle.scoring = [{"status": "ERROR", "errorDescription": "Evaluation\nexception"}]
    code, _, said = submit("--wait")
    assert (code, said) == (1, f"submission 50000001 was not scored: Evaluation exception: see {LISTING}")
    kaggle.scoring = [{"status": "COMPLETE", "publicScore": "0.5"}]
    assert submit("--wait")[0] == 0
    assert len(kaggle.submissions) == 2


def test_a_score_that_does_not_come_in_time(kaggle, submit):
    kaggle.scoring = [{"status": "PENDING"}]
    code, out, said = submit("--wait", "--timeout", "20")
    assert (code, len(out.splitlines())) == (1, 1)
    assert said == (f"submission 50000001 is not scored after 20 s: it stands, and its score will appear at {LISTING}")


def test_trouble_while_waiting_is_waited_out(kaggle, submit):
    kaggle.scoring = [{"status": "PENDING"}, {"status": "PENDING"}, {"status": "COMPLETE", "publicScore": "0.7"}]
    kaggle.fail("ListSubmissions", None, None, *[Failure(503, "busy")] * 7)
    code, out, _ = submit("--wait")
    assert (code, out.splitlines()[1]) == (0, "public 0.7, private not shown")


@pytest.mark.parametrize(
    ("step", "failure", "advice"),
    [
        ("StartSubmissionUpload", Failure(403, "You must accept this competition's rules"), ACCEPT),
        ("StartSubmissionUpload", Failure(404, "Not found"), NO_SUCH),
        ("CreateSubmission", Failure(400, "Your team has used its daily allowance (5) today"), "correct what it names"),
        ("CreateSubmission", Failure(403, "Refused", sent=200), ACCEPT),
    ],
)
def test_refusals_are_said_once_and_not_tried_again(kaggle, submit, file, step, failure, advice):
    kaggle.fail(step, failure)
    code, out, last = submit()
    said = f"submitting {file}: {failure.message} (status {failure.status}): {advice}"
    assert (code, out, last) == (1, "", said)
    assert len(kaggle.calls(step)) == 1
    assert kaggle.submissions == []


def test_refused_credentials(kaggle, submit):
    kaggle.fail("ListSubmissions", Failure(401, "Unauthenticated"))
    code, out, said = submit()
    assert (code, out) == (1, "")
    assert said.startswith(
        "listing the submissions to kuzushiji-recognition: Kaggle refuses the credentials from KAGGLE_USERNAME and "
        "KAGGLE_KEY (Unauthenticated): remove them if they are stale, or make a token at "
    )
    assert kaggle.uploads == {}


def test_a_busy_server_is_asked_again_when_it_says(kaggle, submit, pauses):
    kaggle.fail("StartSubmissionUpload", Failure(429, "Too many requests", {"Retry-After": "7"}), Failure(503))
    kaggle.fail("PUT", None, Failure(503))
    kaggle.fail("CreateSubmission", Failure(429, "Too many requests", {"Retry-After": "9"}))
    assert submit()[0] == 0
    assert len(kaggle.submissions) == 1
    assert pauses[:2] == [7.0, 4.0]
    assert 9.0 in pauses


def test_a_server_that_asks_for_hours_is_not_waited_for(kaggle, submit, file, pauses):
    kaggle.fail("StartSubmissionUpload", Failure(429, "Too many requests", {"Retry-After": "7200"}))
    code, _, said = submit()
    assert (code, pauses) == (1, [])
    assert said == (
        f"submitting {file}: Too many requests (status 429): too many requests: wait a few minutes and run the same "
        "command again"
    )


@pytest.mark.parametrize("status", [403, 503])
def test_an_upload_that_fails_is_no_success(kaggle, submit, file, status):
    kaggle.fail("PUT", *[Failure(status)] * 5)
    code, out, said = submit()
    assert (code, out) == (1, "")
    assert said == f"submitting {file}: the upload failed: run the same command again later"
    assert (len(kaggle.calls("PUT")), kaggle.calls("CreateSubmission")) == (5, [])


def test_trouble_on_kaggles_side(kaggle, submit, file):
    kaggle.fail("StartSubmissionUpload", *[Failure(500)] * 5)
    code, out, said = submit()
    assert (code, out) == (1, "")
    assert said == (
        f"submitting {file}: 500 Server Error: Internal Server Error for url: "
        "http://localhost/api/v1/competitions.CompetitionApiService/StartSubmissionUpload (status 500): "
        "trouble on Kaggle's side: run the same command again later"
    )


@pytest.mark.parametrize(
    "failure",
    [Failure(cut=True, done=True), Failure(500, done=True), Failure(503, "busy", {"Retry-After": "1"}, done=True)],
    ids=["cut", "500", "503"],
)
def test_a_lost_answer_is_found_in_the_listing(kaggle, submit, failure):
    kaggle.fail("CreateSubmission", failure)
    kaggle.unlisted = 2
    assert submit()[0] == 0
    assert len(kaggle.submissions) == len(kaggle.calls("CreateSubmission")) == 1


def test_a_server_that_keeps_silent(kaggle, submit, monkeypatch):
    monkeypatch.setattr(client_module, "SECONDS", 0.3)
    kaggle.fail("CreateSubmission", Failure(200, "late", delay=1.0, done=True))
    assert submit()[0] == 0
    assert len(kaggle.submissions) == 1


def test_an_answer_lost_with_its_submission_is_unclear_and_can_be_run_again(kaggle, submit, file):
    kaggle.fail("CreateSubmission", Failure(cut=True))
    code, out, said = submit()
    assert (code, out) == (1, "")
    assert said.startswith(f"submitting {file}: no answer from Kaggle (")
    assert said.endswith(
        "it is not known whether Kaggle took it, and its listing does not show it after 60 s: look at "
        f"{LISTING}, or run the same command again, which submits only what is not listed"
    )
    assert len(kaggle.calls("CreateSubmission")) == 1
    assert submit()[0] == 0
    assert len(kaggle.submissions) == 1


def test_a_submission_that_is_never_listed_is_no_success(kaggle, submit, file):
    kaggle.unlisted = 1000
    code, out, said = submit()
    assert (code, out) == (1, "")
    assert said == (
        f"submitting {file}: Kaggle numbers it 50000001 and does not list it after 60 s: look at {LISTING} before "
        "submitting again"
    )


def test_an_answer_without_a_number_is_no_success(kaggle, submit, file, monkeypatch):
    monkeypatch.setattr(kaggle, "rpc_CreateSubmission", lambda body, base: {"message": "Not today"}, raising=False)
    code, out, said = submit()
    assert (code, out) == (1, "")
    assert said == (
        f"submitting {file}: Kaggle answers 'Not today' and lists no such submission: correct what it names"
    )


def test_old_submissions_fill_several_pages(kaggle, client):
    kaggle.submissions = [{"ref": ref, "status": "COMPLETE", "description": "old"} for ref in range(450, 0, -1)]
    assert [entry.ref for entry in list_submissions(client, COMPETITION)] == list(range(450, 0, -1))


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["image_id,labels", "a,"], "every row is empty: this would score 0"),
        (["image_id,labels", "a,U+003F 1 1 U+FF2F 2 2"], "every row holds the sample's own labels: this would score 0"),
        (["image_id,labels", "b,U+3042 5 5"], "line 2: 'b' is not in the sample: remove the row"),
    ],
)
def test_nothing_is_uploaded_that_would_not_score(kaggle, run, write_csv, file, lines, fault):
    bad = write_csv("bad.csv", lines)
    code, out, said = run("submit", bad, "-m", "x")
    assert (code, out) == (1, "")
    assert said.startswith(f"{bad}: nothing was uploaded: ")
    assert f"the first: {fault} (`kuzushiji validate` lists all)" in said
    assert kaggle.requests == []


def test_what_cannot_be_read_or_is_no_csv(kaggle, run, tmp_path, file):
    missing = tmp_path / "none.csv"
    assert run("submit", missing, "-m", "x")[::2] == (1, f"{missing}: no such file: check the path")
    other = file.rename(tmp_path / "submission.txt")
    assert run("submit", other, "-m", "x")[2] == f"{other}: Kaggle takes CSV files: name a file that ends in .csv"
    assert kaggle.requests == []


def test_without_a_message_it_is_a_usage_error(capsys, file):
    with pytest.raises(SystemExit) as caught:
        main(["submit", str(file)])
    assert caught.value.code == 2


@pytest.mark.parametrize("zipped", [False, True])
def test_without_a_sample_kaggles_own_is_fetched(kaggle, run, file, zipped):
    sample = file.with_name("sample_submission.csv")
    content = sample.read_bytes()
    sample.unlink()
    kaggle.files = {"sample_submission.csv": zip_of({"sample_submission.csv": content}) if zipped else content}
    assert run("submit", file, "-m", "x")[0] == 0
    kaggle.files = {"sample_submission.csv": b"image_id,labels\nz,\n"}
    assert "'a' is not in the sample" in run("submit", file, "-m", "x", "--again")[2]


def test_reads_a_listing_that_leaves_defaults_out():
    assert Submission.read({}) == Submission(0, "PENDING", "", "", "", "")
    assert Submission.read({"status": "SUBMISSION_STATUS_ERROR"}).status == "ERROR"
