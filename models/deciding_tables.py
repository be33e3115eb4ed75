"""The tables of deciding: conflicts, draws, substitutes, rankings."""

from __future__ import annotations
