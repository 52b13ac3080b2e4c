"""The steps that are measured: what a colleague does, as requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, cycle, islice
from urllib.parse import urlencode
from uuid import uuid4

from scripts.benchmark.client import Call, Client, WrongAnswer
from scripts.benchmark.measure import Supply
from scripts.benchmark.samples import Samples

# The most a median may be as a multiple of the yardstick, up to LARGE companies and above.
SEARCH, PAGE, LIST, LOG, OVERVIEW = (3.0, 4.0), (4.0, 4.0), (3.0, 4.0), (4.0, 4.0), (5.0, 6.0)
LARGE = 40_000
Asked = Mapping[str, object]


@dataclass(frozen=True)
class Step:
    """Something a colleague does. `limits` are those up to LARGE companies and above."""

    name: str
    limits: tuple[float, float]
    calls: Supply

    def limit(self, companies: int) -> float:
        """The most its median may be."""
        return self.limits[companies > LARGE]


def steps(samples: Samples, port: int) -> list[Step]:
    """All steps, in the order of the design's table."""
    return [*_Browser(samples, port).steps(), *_programs(samples)]


def gets(paths: Sequence[str], headers: Mapping[str, str], status: int = 200) -> Supply:
    """Every path in turn, every client beginning elsewhere."""
    made = [Call(path, status, headers=headers) for path in paths]

    def calls(client: int) -> Iterator[Call]:
        return islice(cycle(made), client * 7 % len(made), None)

    return calls


def _programs(samples: Samples) -> Iterator[Step]:
    """The same through the API."""
    token = {"Authorization": f"Bearer {samples.me.token}"}
    found = [f"/api/v1/search?{urlencode({'q': query})}" for query in samples.every_query]
    yield Step("API: search, any kind", SEARCH, gets(found, token))
    yield Step("API: company", PAGE, gets([f"/api/v1/companies/{cvr}" for cvr in samples.usual], token))
    yield Step("API: companies", LIST, gets(["/api/v1/companies"], token))
    yield Step("API: goals", OVERVIEW, gets(["/api/v1/goals"], token))


class _Browser:
    """What is done in a browser that is signed in."""

    def __init__(self, samples: Samples, port: int) -> None:
        self.samples, self.port = samples, port
        self.headers = {"Cookie": f"session={samples.me.cookie}"}

    def steps(self) -> Iterator[Step]:
        """The pages, and the one thing that is written."""
        for kind, queries in self.samples.queries.items():
            yield self._pages(f"search: {kind}", SEARCH, "/soeg/hits", [{"q": query} for query in queries])
        yield self._pages(
            "search page, any kind", SEARCH, "/soeg", [{"q": q} for q in self.samples.every_query]
        )
        calls = [f"/opkald?{urlencode({'nummer': number})}" for number in self.samples.callers]
        yield Step("search: caller's number", SEARCH, gets(calls, self.headers, 303))
        for name, cvrs in (("company page", self.samples.usual), ("company page, full", self.samples.busy)):
            yield Step(name, PAGE, gets([f"/virksomheder/{cvr}" for cvr in cvrs], self.headers))
        for name, asked in self._filters().items():
            yield self._pages(f"companies: {name}", LIST, "/virksomheder", asked)
        yield Step("log a call, request, follow-up", LOG, self._log())
        yield self._pages("Min dag", OVERVIEW, "/", [{}])
        yield self._pages("goals", OVERVIEW, "/maal", [{}])
        yield self._pages("board", OVERVIEW, "/tavle", [{}])
        yield from self._work()

    def _pages(self, name: str, limits: tuple[float, float], path: str, asked: Sequence[Asked]) -> Step:
        return Step(name, limits, gets([f"{path}?{urlencode(each)}" for each in asked], self.headers))

    def _filters(self) -> dict[str, list[Asked]]:
        """The company list with each filter, with common and rare values, and with several at once."""
        drawn = self.samples
        whose, where = cycle(drawn.consultants), cycle(drawn.postal_codes)
        found: dict[str, list[Asked]] = {
            "all": [{}],
            "name": [{"navn": start} for start in drawn.name_starts],
            "responsible": [{"ansvarlig": id} for id in drawn.consultants],
            "responsible without any": [{"ansvarlig": id} for id in drawn.idle],
            "industry": [{"branche": code} for code in drawn.industries],
            "industry, two digits": [{"branche": division} for division in drawn.divisions],
            "industry nobody has": [{"branche": "999999"}],
            "postal code": [{"postnr": code} for code in drawn.postal_codes],
            "postal code nobody has": [{"postnr": "9999"}],
            "not talked with": [{"stille": 1}],
            "ceased": [{"ophoert": 1}],
            "mine, not talked with": [{"ansvarlig": drawn.me.id, "stille": 1}],
            "four filters": [
                {"ansvarlig": next(whose), "postnr": next(where), "branche": division, "stille": 1}
                for division in drawn.divisions
            ],
        }
        return {name: asked for name, asked in found.items() if asked}

    def _work(self) -> Iterator[Step]:
        """The lists of requests and of agreements."""
        requests: dict[str, Asked] = {
            "open": {},
            "mine": {"hvem": "mig"},
            "of a kind": {"slags": "ips"},
            "closed": {"lukkede": "1"},
            "closed, mine": {"hvem": "mig", "lukkede": "1"},
            "closed, of a kind": {"slags": "ips", "lukkede": "1"},
        }
        agreements: dict[str, Asked] = {
            "all": {},
            "of a programme": {"program": "klar_til_start"},
            "of a state": {"tilstand": "offered"},
        }
        for name, asked in requests.items():
            yield self._pages(f"requests: {name}", LIST, "/henvendelser", [asked])
        for name, asked in agreements.items():
            yield self._pages(f"agreements: {name}", LIST, "/aftaler", [asked])

    def _log(self) -> Supply:
        """The note box filled in, every time with a key of its own, as every page has one."""
        cvrs, headers = self.samples.usual, self.headers
        with Client(self.port) as client:
            page = client.send(Call(f"/virksomheder/{cvrs[0]}", headers=headers)).body.decode()
        csrf = _between(page, 'name="csrf" value="', '"')

        def calls(client: int) -> Iterator[Call]:
            turns = islice(cycle(cvrs), client * 7 % len(cvrs), None)
            for number, cvr in zip(count(), turns, strict=False):
                fields = {
                    "csrf": csrf, "submission": uuid4().hex, "kind": "call", "direction": "in",
                    "summary": f"De ringer om to medarbejdere til lageret fra den første. Samtale {number}.",
                    "request_kind": "recruitment", "request_title": "2 lagermedarbejdere fra den 1.",
                    "follow_up_text": "Ring og hør, om de fik nogen at se", "follow_up_due": "+7",
                }  # fmt: skip
                yield Call.form(f"/virksomheder/{cvr}/samtaler", fields, headers)

        return calls


def _between(page: str, before: str, after: str) -> str:
    found = page.partition(before)[2].partition(after)[0]
    if not found:
        raise WrongAnswer(f"The page has no {before}")
    return found
