"""How a member comes in: a link by mail, good once and for a short while, and the browser it opens.

Opening the link changes nothing, since mail programs and scanners open every link; pressing the button on its page
does. Asking for one is answered alike whether the e-mail has a seat or not.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from crm import audit
from crm.access.queries import token_hash
from crm.companies.models import Company
from crm.errors import NotFound
from crm.outbox import actions as outbox
from crm.panel.models import PanelLink, PanelSeat, PanelSession

# An invitation may wait for a weekend; whoever asks for a link stands at the door.
LIVES = {True: timedelta(days=3), False: timedelta(minutes=30)}
SESSION = timedelta(hours=12)
# So many unused links may lie in a mailbox.
MOST_WAITING = 3
# Ended log-ins and links are of no use to anybody after this.
KEPT = timedelta(days=30)
# The version of the words a member accepts by coming in; web/templates/panel/_terms.html has them.
TERMS = 1
GONE = "Linket er brugt eller for gammelt."
_LETTERS = {
    True: (
        "Velkommen til virksomhedspanelet",
        "{company} har fået en plads i kommunens virksomhedspanel, og pladsen er din.\n\n"
        "Her kan du se jeres aftaler, panelets møder og de spørgsmål, vi gerne vil have dit svar på:",
        "Linket virker én gang og i tre dage. Senere kommer du ind på {home}/panel/ med din e-mail. Du skal ikke "
        "huske en adgangskode.",
    ),
    False: (
        "Dit link til virksomhedspanelet",
        "Her er dit link til virksomhedspanelet:",
        "Linket virker én gang og i en halv time. Har du ikke bedt om det, kan du se bort fra mailen.",
    ),
}


def held(today: ColumnElement[date] | date) -> ColumnElement[bool]:
    """The condition that a seat opens anything on a day; see `PanelSeat.is_held`."""
    return and_(
        PanelSeat.ended_at.is_(None),
        PanelSeat.begins_on <= today,
        or_(PanelSeat.ends_on.is_(None), PanelSeat.ends_on >= today),
    )


_TODAY: ColumnElement[date] = bindparam("today", type_=PanelSeat.begins_on.type)
_BY_EMAIL = select(PanelSeat).join(PanelSeat.company).options(
    contains_eager(PanelSeat.company).load_only(Company.name, raiseload=True)
).where(PanelSeat.email == bindparam("email"), held(_TODAY))  # fmt: skip
_BY_LINK = (
    select(PanelLink)
    .join(PanelLink.seat)
    .join(PanelSeat.company)
    .options(
        contains_eager(PanelLink.seat)
        .contains_eager(PanelSeat.company)
        .load_only(Company.name, raiseload=True)
    )
    .where(PanelLink.token_hash == bindparam("token"), held(_TODAY))
)


def invite(db: Session, *, seat: PanelSeat, home: str, now: datetime) -> PanelLink:
    """Mail the seat's holder the first way in."""
    return _send(db, seat, home, now, is_invitation=True)


def ask(db: Session, *, email: str, home: str, now: datetime, today: date) -> None:
    """Somebody wants to come in. Nobody is told whether the e-mail has a seat."""
    seat = db.scalars(_BY_EMAIL, {"email": email.strip().lower()[:254], "today": today}).first()
    if seat is not None and not _has_enough(db, seat, now):
        _send(db, seat, home, now, is_invitation=False)


def send_again(db: Session, *, link: PanelLink, home: str, now: datetime) -> None:
    """Whoever holds an old link gets a new one, at the seat's own e-mail and nowhere else."""
    if not _has_enough(db, link.seat, now):
        _send(db, link.seat, home, now, is_invitation=False)


def _opens(seat: PanelSeat) -> datetime:
    """When a seat that is given for later can first be used; near enough for how long its invitation lives."""
    return datetime.combine(seat.begins_on, time(), UTC)


def issue(
    db: Session, *, seat: PanelSeat, now: datetime, is_invitation: bool = False
) -> tuple[PanelLink, str]:
    """A new link, and the token that is kept nowhere; for whoever hands it over by other means than our mail."""
    token = secrets.token_urlsafe(32)
    link = PanelLink(
        token_hash=token_hash(token), seat_id=seat.id, is_invitation=int(is_invitation), created_at=now,
        expires_at=max(now, _opens(seat)) + LIVES[is_invitation],
    )  # fmt: skip
    db.add(link)
    db.flush()
    return link, token


def _has_enough(db: Session, seat: PanelSeat, now: datetime) -> bool:
    """Whether links enough are in the holder's mail already: nobody fills it for them, from however many places."""
    fresh = select(PanelLink.token_hash).where(
        PanelLink.seat_id == seat.id, PanelLink.used_at.is_(None), PanelLink.is_invitation == 0,
        PanelLink.expires_at > now,
    )  # fmt: skip
    return len(db.scalars(fresh.limit(MOST_WAITING)).all()) >= MOST_WAITING


def _send(db: Session, seat: PanelSeat, home: str, now: datetime, *, is_invitation: bool) -> PanelLink:
    link, token = issue(db, seat=seat, now=now, is_invitation=is_invitation)
    db.refresh(seat, ["company"])
    subject, text, after = _LETTERS[is_invitation]
    outbox.put(
        db,
        act=f"panel-link:{link.token_hash[:32]}",
        to=seat.email,
        subject=subject,
        body=f"Hej {first_name(seat)}\n\n{text.format(company=seat.company.name)}\n\n"
        f"{home.rstrip('/')}/panel/ind/{token}\n\n{after.format(home=home.rstrip('/'))}",
        now=now,
    )
    return link


def first_name(seat: PanelSeat) -> str:
    """What a letter calls them: the first of their names, or what stands before the @."""
    names = seat.name.partition("@")[0].split()
    return names[0] if names else seat.email


def opened(db: Session, token: str, *, today: date) -> PanelLink:
    """The link of this token while its seat is held, used and old ones too; NotFound for any other token."""
    found = db.scalars(_BY_LINK, {"token": token_hash(token), "today": today}).first()
    if found is None:
        raise NotFound(GONE)
    return found


def is_good(link: PanelLink, now: datetime) -> bool:
    """Whether it still lets in."""
    return link.used_at is None and link.expires_at > now


def enter(db: Session, *, token: str, now: datetime, today: date) -> str:
    """Use the link up and open a session; the answer is the cookie's value, kept nowhere. NotFound when it is gone.

    Of two who press at once one comes in. What was open besides is used up with it.
    """
    known = db.get(PanelLink, token_hash(token))
    # The seat is held fast, so that nobody gives it to another while its holder comes in.
    seat = db.get(PanelSeat, known.seat_id, with_for_update=True) if known is not None else None
    if seat is None or not seat.is_held(today):
        raise NotFound(GONE)
    used = db.execute(
        update(PanelLink)
        .where(
            PanelLink.token_hash == token_hash(token), PanelLink.used_at.is_(None), PanelLink.expires_at > now
        )
        .values(used_at=now)
        .returning(PanelLink.seat_id)
    ).scalar()
    if used is None:
        raise NotFound(GONE)
    end_links(db, seat, now)
    if seat.terms != TERMS:
        seat.terms, seat.terms_accepted_at = TERMS, now
    return sign_in(db, seat=seat, now=now)


def sign_in(db: Session, *, seat: PanelSeat, now: datetime) -> str:
    """Open a session for a seat whose holder has shown who they are; the answer is the cookie's value."""
    cookie = secrets.token_urlsafe(32)
    db.add(
        PanelSession(token_hash=token_hash(cookie), seat_id=seat.id, created_at=now, expires_at=now + SESSION)
    )
    audit.note(db, action="sign_in", kind="panel_seat", id=seat.id)
    db.flush()
    return cookie


def sign_out(db: Session, *, token: str) -> None:
    """End this browser's session."""
    db.execute(delete(PanelSession).where(PanelSession.token_hash == token_hash(token)))


def end_links(db: Session, seat: PanelSeat, now: datetime | None = None) -> None:
    """Whatever links the seat has are of no use any more: used up at `now`, or forgotten."""
    open_ones = (PanelLink.seat_id == seat.id, PanelLink.used_at.is_(None))
    if now is None:
        db.execute(delete(PanelLink).where(*open_ones))
    else:
        db.execute(update(PanelLink).where(*open_ones).values(used_at=now))


def forget(db: Session, *, now: datetime, some: int = 500) -> int:
    """Forget some of the ended sessions and old links; how many."""
    gone = 0
    for key, which in (
        (PanelSession.token_hash, PanelSession.expires_at <= now),
        (PanelLink.token_hash, PanelLink.expires_at <= now - KEPT),
    ):
        these = select(key).where(which).limit(some)
        done = db.execute(
            delete(key.class_)
            .where(key.in_(these))
            .returning(key)
            .execution_options(synchronize_session=False)
        )
        gone += len(done.all())
    return gone
