"""The benchmark measures the real server beside its yardstick, and says what is over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from scripts.benchmark import main, report
from scripts.benchmark.client import Call, Client, WrongAnswer
from scripts.benchmark.measure import Alone, Together, percentile
from scripts.benchmark.report import Figures, Run, growth
from scripts.benchmark.server import yardstick
from scripts.benchmark.steps import Step, gets


def _figures(ratio: float, *, p99: float = 1, rate: float = 1, name: str = "a step") -> Figures:
    alone = Alone(
        median=ratio, p99=ratio * p99, cpu=1, yardstick=1, yardstick_p99=1, yardstick_cpu=1, kilobytes=9
    )
    return Figures(name, 3, alone, Together(rate, 1))


def test_a_figure_says_which_limits_it_is_over() -> None:
    assert _figures(3).over == []
    assert _figures(3.1).over == ["median"]
    assert _figures(2, p99=6).over == ["p99"]
    assert _figures(2, rate=0.1).over == ["at 16"]
    run = Run("sqlite", 10, [_figures(9, name="slow"), _figures(1)], start_seconds=4, memory=201)
    assert run.over == ["slow: median", "start: 4.0 s", "memory: 201 MB"]


def test_growth_is_that_of_the_ratios() -> None:
    smaller, larger = (Run("sqlite", n, [_figures(ratio)]) for n, ratio in ((10, 2), (1000, 3)))
    assert growth(smaller, larger) == {"a step": 1.5}


def test_a_limit_is_another_one_for_many_companies() -> None:
    step = Step("search", (3.0, 4.0), gets(["/"], {}))
    assert (step.limit(1_300), step.limit(40_000), step.limit(330_000)) == (3.0, 3.0, 4.0)


def test_the_percentile_is_the_nearest_rank() -> None:
    values = [float(value) for value in range(200, 0, -1)]
    assert (percentile(values, 0.99), percentile(values, 0.5), percentile([7.0], 0.99)) == (198, 100, 7)


def test_every_client_begins_elsewhere_and_none_runs_out() -> None:
    supply = gets(["/a", "/b", "/c"], {})
    first = [next(calls).path for calls in (supply(0), supply(1), supply(2))]
    assert first == ["/a", "/b", "/c"]
    calls = supply(0)
    assert [next(calls).path for _ in range(7)] == ["/a", "/b", "/c", "/a", "/b", "/c", "/a"]


def test_the_yardstick_is_a_page_of_ten_kilobytes_after_one_read(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'yardstick.db'}"
    with yardstick(url, tmp_path) as server, Client(server.port) as client:
        page = client.send(Call("/items/7")).body.decode()
        assert 10_000 < len(page.encode()) < 10_800
        assert page.count('<tr class="line">') == 22
        assert "<h1>Ting nummer 7</h1>" in page
        with pytest.raises(WrongAnswer, match="GET /nowhere was answered 404"):
            client.send(Call("/nowhere"))
        # The connection is as good as before.
        assert client.send(Call("/bare")).body == b"bare"


def test_a_run_measures_everything_and_writes_it_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    options = ["--companies", "30", "60", "--quick", "--only", "Min dag", "--json", str(file)]
    assert main.main([*options, "--cache", str(tmp_path / "cache")]) == 0
    figures = json.loads(file.read_text())
    assert [run["companies"] for run in figures["runs"]] == [30, 60]
    for run in figures["runs"]:
        (step,) = run["steps"]
        assert step["name"] == "Min dag"
        assert 0 < step["median"] <= step["p99"]
        assert step["rate"] > 0 < step["yardstick_rate"]
        assert run["memory"] > 50
        assert run["start_seconds"] > 0 < run["bare"]
    assert set(figures["statements_sqlite"]) == {"Min dag"}
    assert "Min dag" in capsys.readouterr().out
    # What was filled is kept, and what was worked in is gone.
    kept = sorted(path.name.split("-")[0] for path in (tmp_path / "cache").iterdir())
    assert kept == ["30", "60"]


def test_the_tables_name_what_is_over() -> None:
    console = Console(record=True, width=200)
    report.show(Run("sqlite", 40_000, [_figures(9, name="slow"), _figures(1, name="quick")]), console)
    report.show_growth(Run("sqlite", 10, [_figures(1)]), Run("sqlite", 99, [_figures(2)]), console)
    said = console.export_text()
    assert "sqlite, 40,000 companies" in said
    assert "over: median" in said
    assert "growth of the medians from 10 to 99 companies (may be 1.5): over: a step 2.0." in said
