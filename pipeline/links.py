"""Accounts merged or renamed: links followed to the account that carries on, before anything else is done."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.errors import ContractError


def follow_links(links: Iterable[tuple[str, str]], where: str) -> dict[str, str]:
    """Return old id -> the id that carries on today, links of links followed to their end.

    Of several links from one id, the last given wins (they come in the order in which they became known). A link of
    an id to itself says nothing. Raises ContractError for a cycle.
    """
    step = {old: new for old, new in links if old != new}
    ends: dict[str, str] = {}
    for start in step:
        path = [start]
        while path[-1] in step and path[-1] not in ends:
            following = step[path[-1]]
            if following in path:
                cycle = " -> ".join([*path[path.index(following) :], following])
                raise ContractError(
                    f"{where}: the links go round in a circle: {cycle}. Take out the link that is no longer true."
                )
            path.append(following)
        end = ends.get(path[-1], path[-1])
        ends.update(dict.fromkeys(path[:-1], end))
    return ends
