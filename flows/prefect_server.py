"""Prefect's command line in a process of its own, as `python -m prefect`, but looking for garbage as seldom as we do."""

from __future__ import annotations

import runpy

from flows import collector

if __name__ == "__main__":
    collector.look_seldom()
    runpy.run_module("prefect", run_name="__main__")
