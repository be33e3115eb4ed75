"""Draw a process: its stages in order, what each waits for, and when."""

from __future__ import annotations

from models.process import Process

_WAITS = {
    "submission": "nominators",
    "scoring": "reviewers",
    "shortlisting": "the admin",
    "voting": "the committee",
    "signoff": "the bodies that sign",
    "notice": "the public",
    "publication": "the admin",
}
"""Whom a stage of each kind waits for."""


def mermaid(process: Process) -> str:
    """A Mermaid flowchart, which most viewers of Markdown draw."""
    lines = ["flowchart TD", f'    start(["{process.title.zh}<br/>{process.title.en}, {process.edition}"])']
    before = "start"
    for stage in process.stages:
        title = f"{stage.title.zh}<br/>" if stage.title else ""
        dates = " to ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in (stage.opens, stage.closes) if moment)
        lines.append(f'    {stage.name}["{title}{stage.name} ({stage.kind})<br/>waits for {_WAITS[stage.kind]}<br/>{dates}"]')
        lines.append(f"    {before} --> {stage.name}")
        before = stage.name
    lines.append(f'    done(["{process.total_awards} awards"])')
    lines.append(f"    {before} --> done")
    return "\n".join(lines)
