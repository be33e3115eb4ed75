"""Run empty Prefect tasks on a server started as ours is, and print the milliseconds that one takes."""

from __future__ import annotations

import asyncio
import sys
import time

from flows import supervisor


def main() -> None:
    count = int(sys.argv[1])
    with supervisor.prefect_server():
        from prefect import flow

        from tasks.action import action

        @action
        def nothing() -> None:
            """Do nothing."""

        @flow
        async def many() -> float:
            nothing()
            began = time.perf_counter()
            for _ in range(count):
                nothing()
            return (time.perf_counter() - began) * 1000 / count

        print(asyncio.run(many()))


if __name__ == "__main__":
    main()
