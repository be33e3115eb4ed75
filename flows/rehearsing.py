"""One rehearsal as a process of its own, beside servers that run already: `python -m flows.rehearsing PROCESS …`."""

from __future__ import annotations

import argparse
import json
import sys

from flows import collector, reporting, supervisor
from models.errors import JinbangError


def main() -> int:
    """Run it; the report goes to stdout."""
    collector.look_seldom()
    parser = argparse.ArgumentParser(prog="jinbang rehearse", description=__doc__)
    parser.add_argument("process")
    parser.add_argument("--edition", required=True)
    parser.add_argument("--entries", type=int)
    parser.add_argument("--reviewers", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--stop-in")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        report = supervisor.rehearse(
            given.process, entries=given.entries, reviewers=given.reviewers, seed=given.seed, label=given.edition, stop_in=given.stop_in
        )
    except JinbangError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    sys.stdout.write(json.dumps(report, ensure_ascii=False) if given.json else reporting.rehearsal(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
