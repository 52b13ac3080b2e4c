"""Mails go to a real server: whole, once, and again when something was in the way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import event, text

from crm.db import Database
from crm.outbox import actions as outbox
from crm.outbox.actions import LEASE, PAUSES
from crm.outbox.models import Mail
from crm.settings import MailServer, Settings
from scripts.mail import Postman, compose, send_due
from tests.certificates import write_certificate
from tests.conftest import NOW
from tests.post_office import SENDER, PostOffice, free_port, opened, tls

BODY = "Hej Bo\n\nDu er nu indgang for Blåbærgrød & Søn ApS.\n.\nFrom nu af ringer de til dig. " + "æøå " * 60
AEROE = "ærø".encode("idna").decode()
HOME = "no-reply@crm.kommune.test"
SECRET = "hemmelig+ord/æ"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with opened() as office:
        yield office


def settings(url: str, **more: object) -> Settings:
    return Settings(smtp_url=url, municipality="Ærø og Omegns Kommune", **more)


def put(database: Database, number: int = 1, to: str = "bo@kommune.test", **words: str) -> int:
    texts = {"subject": "Ny virksomhed", "body": "Hej"} | words
    with database.write() as db:
        return outbox.put(db, act=f"handover:{number}", to=to, now=NOW, **texts).id


def stored(database: Database, id: int) -> Mail:
    with database.read() as db:
        return db.get_one(Mail, id)


def state(database: Database, id: int) -> tuple[str, int]:
    found = stored(database, id)
    return found.state, found.attempts


# --- A mail arrives -----------------------------------------------------------------------------


def test_a_mail_arrives_whole(database: Database, office: PostOffice) -> None:
    subject = "Blåbærgrød & Søn ApS har fået en ny indgang, og det er dig: læs her, hvad de mangler, å ja"
    id = put(database, subject=subject, body=BODY)
    assert send_due(database, settings(office.url), NOW) == 1
    [letter] = office.letters
    message = letter.message
    assert (letter.sender, letter.recipients) == (SENDER, ["bo@kommune.test"])
    assert message["Subject"] == subject
    assert message["From"].addresses[0].display_name == "Ærø og Omegns Kommune"
    assert message["From"].addresses[0].addr_spec == SENDER
    assert message["To"] == "bo@kommune.test"
    assert message["Auto-Submitted"] == "auto-generated"
    assert abs(parsedate_to_datetime(message["Date"]) - NOW) < timedelta(minutes=5)
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert message.get_content().replace("\r\n", "\n") == BODY.strip() + "\n"
    assert message.defects == []
    letter.content.decode("ascii")
    assert max(map(len, letter.content.splitlines())) < 998
    assert state(database, id) == ("sent", 1)
    assert abs((stored(database, id).sent_at or NOW) - NOW) < timedelta(minutes=5)


def test_a_mail_is_known_by_one_id_and_each_by_its_own(database: Database, office: PostOffice) -> None:
    ids = [put(database, number) for number in (1, 2)]
    first, again, other = (
        compose(stored(database, id), MailServer.of(office.url, ""), settings(office.url), now)["Message-ID"]
        for id, now in ((ids[0], NOW), (ids[0], NOW + LEASE), (ids[1], NOW))
    )
    assert first == again != other
    assert first.endswith("@kommune.test>")
    send_due(database, settings(office.url), NOW)
    assert {letter.message["Message-ID"] for letter in office.letters} == {first, other}


def test_nothing_in_a_mail_becomes_a_header_or_another_recipient(
    database: Database, office: PostOffice
) -> None:
    put(
        database,
        subject="Ny\r\nBcc: alle@kommune.test",
        body="\r\n\r\nTo: alle@kommune.test\r\n.\r\nMAIL FROM:<a@b.test>",
    )
    assert send_due(database, settings(office.url), NOW) == 1
    [letter] = office.letters
    assert letter.recipients == ["bo@kommune.test"]
    assert sorted(letter.message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
         "Content-Transfer-Encoding", "MIME-Version"]
    )  # fmt: skip
    assert "MAIL FROM:<a@b.test>" in letter.message.get_content()


def test_danish_letters_in_an_address_arrive_where_the_server_knows_them(database: Database) -> None:
    with opened() as office:
        put(database, 1, "bo.æble@ærø.test")
        assert send_due(database, settings(office.url), NOW) == 1
        assert office.letters[0].recipients == [f"bo.æble@{AEROE}.test"]
    with opened(enable_SMTPUTF8=False) as office:
        known, unknown = put(database, 2, "bo@ærø.test"), put(database, 3, "bo.æble@ærø.test")
        assert send_due(database, settings(office.url), NOW) == 1
        assert state(database, known) == ("sent", 1)
        assert state(database, unknown) == ("failed", 1)
        assert "æ, ø eller å" in (stored(database, unknown).last_error or "")


def test_many_mails_are_one_talk(database: Database, office: PostOffice) -> None:
    for number in range(10):
        put(database, number)
    assert send_due(database, settings(office.url), NOW) == 10
    assert (len(office.letters), office.talks) == (10, 1)


def test_without_a_mail_server_mails_wait_untouched(database: Database) -> None:
    id = put(database)
    assert send_due(database, Settings(), NOW) == 0
    assert state(database, id) == ("queued", 0)


def test_told_to_end_it_ends_after_the_mail_at_hand(database: Database, office: PostOffice) -> None:
    for number in range(5):
        put(database, number)
    assert send_due(database, settings(office.url), NOW, go_on=lambda: len(office.letters) < 2) == 2
    assert send_due(database, settings(office.url), NOW) == 3


# --- Something is in the way --------------------------------------------------------------------


def test_while_the_server_is_down_the_pauses_grow_and_then_the_mail_comes_once(database: Database) -> None:
    office = PostOffice(free_port())
    id, now = put(database), NOW
    for attempt, pause in enumerate(PAUSES[:3], 1):
        assert send_due(database, settings(office.url), now) == 0
        found = stored(database, id)
        assert (found.state, found.attempts) == ("queued", attempt)
        assert timedelta() <= found.next_try_at - now - pause < timedelta(minutes=1)
        assert found.last_error == "Mailserveren 127.0.0.1 svarer ikke."
        # Before its time nobody even tries.
        send_due(database, settings(office.url), now + pause - timedelta(seconds=10))
        assert stored(database, id).attempts == attempt
        now = found.next_try_at
    with opened(office):
        assert send_due(database, settings(office.url), now) == 1
        assert send_due(database, settings(office.url), now + timedelta(days=1)) == 0
    assert len(office.to("bo@kommune.test")) == 1
    assert stored(database, id).last_error is None


def test_a_server_that_is_down_costs_one_mail_an_attempt_not_all(database: Database) -> None:
    ids = [put(database, number) for number in range(3)]
    assert send_due(database, settings(f"smtp://127.0.0.1:{free_port()}"), NOW) == 0
    assert [state(database, id) for id in ids] == [("queued", 1), ("queued", 0), ("queued", 0)]


@pytest.mark.parametrize("place", ["bo@kommune.test", "data"])
def test_what_is_refused_for_now_is_tried_again(database: Database, office: PostOffice, place: str) -> None:
    id = put(database)
    office.answers[place] = "451 4.7.1 Graalistet, kom igen"
    assert send_due(database, settings(office.url), NOW) == 0
    found = stored(database, id)
    assert (found.state, found.attempts) == ("queued", 1)
    assert (found.last_error or "").endswith("for nu: 451 4.7.1 Graalistet, kom igen")
    office.answers.clear()
    assert send_due(database, settings(office.url), found.next_try_at) == 1
    assert len(office.letters) == 1


@pytest.mark.parametrize("place", ["bo@kommune.test", "data"])
def test_what_is_refused_for_good_has_failed_and_the_others_go(
    database: Database, office: PostOffice, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = put(database)
    office.answers[place] = "550 5.1.1 bo@kommune.test er ukendt her"
    assert send_due(database, settings(office.url), NOW) == 0
    assert state(database, refused) == ("failed", 1)
    assert "550 5.1.1 bo@kommune.test er ukendt her" in (stored(database, refused).last_error or "")
    assert "bo@" not in capsys.readouterr().err
    office.answers.pop("data", None)
    other = put(database, 2, "mona@kommune.test")
    assert send_due(database, settings(office.url), NOW + timedelta(days=2)) == 1
    assert state(database, other) == ("sent", 1)
    assert state(database, refused) == ("failed", 1)


def test_a_server_that_refuses_us_refuses_no_mail_for_good(database: Database, office: PostOffice) -> None:
    ids = [put(database, number) for number in range(2)]
    office.answers[SENDER] = "550 5.7.60 Not permitted to send as this sender"
    assert send_due(database, settings(office.url), NOW) == 0
    assert [state(database, id) for id in ids] == [("queued", 1), ("queued", 0)]
    assert "afsender" in (stored(database, ids[0]).last_error or "")


def test_a_mail_that_is_too_large_has_failed(database: Database) -> None:
    with opened(data_size_limit=2000) as office:
        id = put(database, body="x" * 3000)
        assert send_due(database, settings(office.url), NOW) == 0
    assert state(database, id) == ("failed", 1)


def test_a_line_that_breaks_after_the_mail_was_taken_gives_a_twin_with_the_same_id(
    database: Database, office: PostOffice
) -> None:
    id = put(database)
    office.vanish = True
    assert send_due(database, settings(office.url), NOW) == 0
    assert state(database, id) == ("queued", 1)
    office.vanish = False
    assert send_due(database, settings(office.url), NOW + PAUSES[0] + timedelta(minutes=1)) == 1
    first, twin = office.to("bo@kommune.test")
    assert first["Message-ID"] == twin["Message-ID"]


def test_a_worker_that_dies_before_it_could_record_leaves_a_twin_with_the_same_id(
    database: Database, office: PostOffice
) -> None:
    id = put(database)
    with database.write() as db:
        mail = outbox.lease(db, now=NOW)
    assert mail
    dying = Postman(MailServer.of(office.url, ""), settings(office.url))
    assert dying.deliver(mail, lambda: NOW) is None
    dying.leave()
    assert send_due(database, settings(office.url), NOW + LEASE - timedelta(minutes=1)) == 0
    assert state(database, id) == ("sending", 1)
    assert send_due(database, settings(office.url), NOW + LEASE) == 1
    first, twin = office.to("bo@kommune.test")
    assert first["Message-ID"] == twin["Message-ID"]
    assert state(database, id) == ("sent", 2)


def test_a_worker_that_slept_through_its_lease_does_not_send(database: Database, office: PostOffice) -> None:
    put(database)
    with database.write() as db:
        mail = outbox.lease(db, now=NOW)
    assert mail
    late = Postman(MailServer.of(office.url, ""), settings(office.url))
    assert late.deliver(mail, lambda: NOW + LEASE)
    late.leave()
    assert office.letters == []


def test_a_database_that_is_busy_when_the_mail_is_sent_is_waited_for(url: str, office: PostOffice) -> None:
    worker, importer = Database(url), Database(url)
    hurry = {"sqlite": "PRAGMA busy_timeout=200", "postgresql": "SET lock_timeout = '200ms'"}[worker.dialect]

    @event.listens_for(worker.writer, "connect")
    def _(connection: object, _record: object) -> None:
        connection.cursor().execute(hurry)  # type: ignore[attr-defined]
        if worker.dialect == "postgresql":
            connection.commit()  # type: ignore[attr-defined]

    id = put(importer)
    done: list[int] = []
    holding = importer.write()
    with opened() as other:
        # The server takes the mail; before its answer is out, an import has the database to itself.
        hold, held = threading.Event(), threading.Event()

        async def take(*_: object) -> str:
            hold.set()
            assert held.wait(10)
            return "250 OK"

        other.handle_DATA = take  # type: ignore[method-assign, assignment]
        thread = threading.Thread(target=lambda: done.append(send_due(worker, settings(other.url), NOW)))
        thread.start()
        assert hold.wait(10)
        with holding as db:
            db.execute(text("UPDATE mail SET attempts = attempts"))
            held.set()
            thread.join(1.0)
            assert thread.is_alive()
        thread.join(10)
    assert done == [1]
    assert state(importer, id) == ("sent", 1)
    worker.close()
    importer.close()


# --- Several workers ----------------------------------------------------------------------------


def test_of_several_workers_each_mail_is_sent_by_one(url: str, office: PostOffice) -> None:
    databases = [Database(url), Database(url)]
    with databases[0].write() as db:
        for number in range(200):
            outbox.put(
                db, act=f"handover:{number}", to=f"bo{number}@kommune.test", subject="Ny", body="Hej", now=NOW
            )
    start, sent = threading.Barrier(2), []

    def work(database: Database) -> None:
        start.wait()
        sent.append(send_due(database, settings(office.url), NOW))

    threads = [threading.Thread(target=work, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 200
    came = Counter(recipient for letter in office.letters for recipient in letter.recipients)
    assert came == Counter(f"bo{number}@kommune.test" for number in range(200))
    with databases[0].read() as db:
        assert {(mail.state, mail.attempts) for mail in db.query(Mail)} == {("sent", 1)}
    for database in databases:
        database.close()


# --- A line nobody listens in on, and a password nobody reads -----------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    return write_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return certificate[1:]


def _log_in(office: PostOffice, scheme: str = "smtp", password: str = "hemmelig%2Bord%2F%C3%A6") -> str:
    return f"{scheme}://post%40kommune.test:{password}@127.0.0.1:{office.port}?from={SENDER}&tls=on"


def test_mails_go_by_starttls_and_with_a_log_in(database: Database, trusted: tuple[Path, Path]) -> None:
    office = PostOffice(free_port(), logins={"post@kommune.test": SECRET})
    put(database)
    with opened(
        office, tls_context=tls(*trusted), require_starttls=True, auth_required=True,
        authenticator=office.authenticate,
    ):  # fmt: skip
        assert send_due(database, settings(_log_in(office)), NOW) == 1
    [letter] = office.letters
    assert letter.secure
    assert letter.user == "post@kommune.test"


def test_mails_go_by_tls_from_the_first_word(database: Database, trusted: tuple[Path, Path]) -> None:
    put(database)
    with opened(ssl_context=tls(*trusted)) as office:
        url = office.url.replace("smtp://", "smtps://")
        assert send_due(database, settings(url), NOW) == 1
    assert len(office.letters) == 1


def test_a_certificate_nobody_vouches_for_gets_no_mail(
    database: Database, certificate: tuple[Path, Path, Path]
) -> None:
    id = put(database)
    with opened(tls_context=tls(*certificate[1:])) as office:
        assert send_due(database, settings(f"{office.url}&tls=on"), NOW) == 0
    assert office.letters == []
    assert "kan ikke nås sikkert" in (stored(database, id).last_error or "")


def test_a_server_without_encryption_gets_no_mail_and_no_password(database: Database) -> None:
    id = put(database)
    with opened(auth_require_tls=False, authenticator=lambda *_: None) as office:
        assert send_due(database, settings(_log_in(office)), NOW) == 0
        assert office.letters == []
        assert "tilbyder ikke kryptering" in (stored(database, id).last_error or "")


def test_a_wrong_password_is_said_without_saying_it(
    database: Database, trusted: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    office = PostOffice(free_port(), logins={"post@kommune.test": SECRET})
    id = put(database)
    with opened(office, tls_context=tls(*trusted), authenticator=office.authenticate):
        assert send_due(database, settings(_log_in(office, password="FORKERT-ord")), NOW) == 0
    assert state(database, id) == ("queued", 1)
    said = (stored(database, id).last_error or "") + capsys.readouterr().err
    assert "brugernavn og adgangskode (535)" in said
    assert "FORKERT" not in said


def test_a_server_that_repeats_our_password_is_not_quoted(database: Database) -> None:
    office = PostOffice(free_port(), logins={"post": "SESAM-luk-op"})
    id = put(database)
    office.answers["bo@kommune.test"] = "550 no: SESAM-luk-op U0VTQU0tbHVrLW9w for post"
    url = f"smtp://post:SESAM-luk-op@127.0.0.1:{office.port}?from={SENDER}"
    with opened(office, auth_require_tls=False, authenticator=office.authenticate):
        assert send_due(database, settings(url), NOW) == 0
    said = stored(database, id).last_error or ""
    assert said == "Modtageren blev afvist: 550 no: ••• ••• for •••"


# --- The setting --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (
            "smtp://user:pass@host.test:2525?from=a@b.test",
            MailServer("host.test", 2525, "user", "pass", "starttls", "a@b.test"),
        ),
        ("smtp://host.test", MailServer("host.test", 587, "", "", "starttls", HOME)),
        ("smtps://a%40b.test:p@host.test", MailServer("host.test", 465, "a@b.test", "p", "tls", "a@b.test")),
        ("smtp://relay.test:25?tls=off", MailServer("relay.test", 25, "", "", "no", HOME)),
        ("smtp://localhost:1025?from=a@b.test", MailServer("localhost", 1025, "", "", "no", "a@b.test")),
        ("smtp://[::1]:1025?from=a@ærø.test", MailServer("::1", 1025, "", "", "no", f"a@{AEROE}.test")),
    ],
)  # fmt: skip
def test_the_setting_is_read(url: str, server: MailServer) -> None:
    found = Settings(smtp_url=url, base_url="https://crm.kommune.test").mail_server
    assert found == server


@pytest.mark.parametrize(
    "url",
    [
        "http://u:SESAM@host.test",
        "smtp://u:SESAM@",
        "smtp://u:SESAM@host.test:99999",
        "smtp://u:SESAM@host.test?from=ingen",
        "smtp://u:SESAM@host.test?from=a@b.test%0D%0ABcc:c@d.test",
        "smtp://u:SESAM@host.test?from=a@b.test,c@d.test",
        "smtp://u:SESAM@host.test?tls=maybe",
        "smtp://u:SESAM@host.test?form=a@b.test",
        "smtp://u:SESAM@host.test/sti",
        "SESAM",
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(smtp_url=url)
    assert refusal.value.errors()[0]["loc"] == ("smtp_url",)
    assert "SESAM" not in str(refusal.value)


def test_a_password_is_not_printed_with_the_settings() -> None:
    found = settings("smtp://user:SESAM@host.test")
    assert "SESAM" not in repr(found) + str(found) + repr(found.mail_server)
