"""`python -m bench [--quick]`: all benchmarks; a missed bar is said plainly, and is no failure."""

from __future__ import annotations

import argparse
import os
import platform

from bench import assigning, intake, ranking, rehearsal, reviewing, stack
from bench.figures import show


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the rehearsal of 9,000 entries and the 20,000 saves")
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    missed = show(
        [
            *reviewing.figures(quick=given.quick),
            *intake.figures(quick=given.quick),
            *assigning.figures(quick=given.quick),
            *ranking.figures(quick=given.quick),
            *stack.figures(),
            *rehearsal.figures(quick=given.quick),
        ]
    )
    print("all bars are met" if not missed else f"{missed} bars are MISSED")


if __name__ == "__main__":
    main()
