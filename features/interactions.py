"""What happens between the account and us: how much, how often, how lately, by kind and over all kinds.

A kind that never occurs gives constants, which no model uses. Words of the firm's own count in "any" only.
"""

from __future__ import annotations

from features.derived import Monthly, Pace, Recent, Trend
from features.measures import Combined, Since, Until
from features.spans import Gaps
from features.spec import ALL, Aggregate, Declaration, Derived
from features.where import ANY, kind
from pipeline.tables import INTERACTIONS

_TABLE = INTERACTIONS.name

INTERACTED = Aggregate("interactions", _TABLE, "count", "{value} interaction{s}", windows=(7, 30, 90, 365, ALL))
ACTIVE_DAYS = Aggregate(
    "interaction_days", _TABLE, "days", "{value} day{s} with an interaction", windows=(7, 30, 90, 180, 365)
)
LOGINS = Aggregate(
    "logins", _TABLE, "count", "{value} login{s}", where=kind("login"), windows=(7, 30, 90), topic="logins"
)
LOGIN_DAYS = Aggregate(
    "login_days", _TABLE, "days", "{value} day{s} with a login", where=kind("login"), windows=(30, 90), topic="logins"
)
USAGE = Aggregate(
    "usage",
    _TABLE,
    "sum",
    "{value} units of use",
    column="quantity",
    where=kind("usage"),
    windows=(7, 30, 90, 365),
    unit="number",
    family="usage",
    topic="use",
)
CALL_MINUTES = Aggregate(
    "call_minutes",
    _TABLE,
    "sum",
    "{value} minutes of calls",
    column="quantity",
    where=kind("call"),
    windows=(30, 90, 365),
    unit="number",
    topic="contact",
)
CONTACTS = Aggregate(
    "contacts",
    _TABLE,
    "distinct",
    "{value} different contact{s}",
    column="contact_id",
    windows=(30, 90, 365),
    family="breadth",
    topic="people",
)
KINDS = Aggregate(
    "kinds", _TABLE, "distinct", "{value} kind{s} of interaction", column="kind", windows=(30, 90), family="breadth"
)
_TOPICS = {"login": "logins", "usage": "use", "call": "contact", "meeting": "contact", "email": "contact",
           "note": "contact", "ticket": "tickets", "nps": "survey", "csat": "survey"}  # fmt: skip
_TOUCHES = (("call", "calls"), ("meeting", "meetings"), ("email", "emails"), ("ticket", "tickets"), ("note", "notes"))
_SINCE = ("login", "usage", "call", "meeting", "email", "ticket", "nps", "csat")
_ACTIVE_GAP = Gaps(_TABLE, "mean")


def _recency(name: str, words: str) -> Derived:
    where = kind(name) if name != "interaction" else ANY
    return Derived(
        f"days_since_{name}",
        Since(_TABLE, "last", where),
        f"{{value}} day{{s}} since the last {words}",
        unit="days",
        family="recency",
        unknown=f"no {words} on record",
        topic=_TOPICS.get(name, ""),
    )


DECLARATIONS: tuple[Declaration, ...] = (
    INTERACTED,
    Monthly(INTERACTED, "{value} interactions a month since the first"),
    Trend(INTERACTED, "interactions"),
    ACTIVE_DAYS,
    Recent(ACTIVE_DAYS, "days with an interaction", half_lives=(14, 60)),
    Trend(ACTIVE_DAYS, "days with an interaction"),
    Pace(ACTIVE_DAYS, "days with an interaction", fast=14, slow=60),
    LOGINS,
    LOGIN_DAYS,
    Trend(LOGINS, "logins"),
    USAGE,
    Trend(USAGE, "use"),
    Recent(USAGE, "use", half_lives=(14,)),
    Pace(USAGE, "use", fast=14, slow=60),
    *(
        Aggregate(
            plural,
            _TABLE,
            "count",
            f"{{value}} {name}{{s}}",
            where=kind(name),
            windows=(30, 90, 365),
            topic=_TOPICS[name],
        )
        for name, plural in _TOUCHES
    ),
    CALL_MINUTES,
    CONTACTS,
    KINDS,
    _recency("interaction", "interaction"),
    *(_recency(name, {"nps": "NPS answer", "csat": "CSAT answer"}.get(name, name)) for name in _SINCE),
    Derived(
        "days_since_first_interaction",
        Since(_TABLE, "first"),
        "{value} day{s} since the first interaction",
        unit="days",
        family="tenure",
        topic="tenure",
        unknown="no interaction on record",
    ),
    Derived(
        "interaction_gap_mean",
        _ACTIVE_GAP,
        "an interaction every {value} day{s} on average",
        unit="days",
        family="regularity",
        unknown="fewer than two days with an interaction",
    ),
    Derived(
        "interaction_gap_deviation",
        Gaps(_TABLE, "deviation"),
        "gaps between interactions vary by {value} day{s}",
        unit="days",
        family="regularity",
        unknown="fewer than three days with an interaction",
    ),
    Derived(
        "interaction_gap_longest",
        Gaps(_TABLE, "longest"),
        "{value} day{s} between interactions at the longest",
        unit="days",
        family="regularity",
        unknown="fewer than two days with an interaction",
    ),
    Derived(
        "days_since_interaction_over_gap",
        Combined("ratio", Since(_TABLE), _ACTIVE_GAP),
        "{value} times the usual gap since the last interaction",
        unit="ratio",
        family="regularity",
        unknown="fewer than two days with an interaction",
    ),
    Derived(
        "meetings_booked",
        Until(_TABLE, "count", kind("meeting")),
        "{value} meeting{s} booked",
        unit="count",
        family="bookings",
        topic="contact",
        empty=0.0,
    ),
    Derived(
        "days_to_meeting",
        Until(_TABLE, "next", kind("meeting")),
        "{value} day{s} to the next booked meeting",
        unit="days",
        family="bookings",
        topic="contact",
        unknown="no meeting booked",
    ),
)
