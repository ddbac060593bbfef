"""What happens between the account and us: how much, how often, how lately, by kind and over all kinds.

A kind that never occurs gives constants, which no model uses. Words of the firm's own count in "any" only.
"""

from __future__ import annotations

from features.derived import Monthly, Pace, Ratio, Recent, Trend
from features.measures import Combined, Gaps, Since, TopShare, Until
from features.spec import ALL, Aggregate, Declaration, Derived, Fact
from features.where import ANY, kind
from features.words import Words
from pipeline.tables import INTERACTIONS

_TABLE = INTERACTIONS.name

_INTERACTION = Words("interaction|interactions", "aktivitet|aktiviteter")
_LOGIN = Words("login|logins", "login|logins")
_USE = Words("use", "brug")
_CALL = Words("call|calls", "opkald")
_MEETING = Words("meeting|meetings", "møde|møder")
_EMAIL = Words("email|emails", "e-mail|e-mails")
_TICKET = Words("ticket|tickets", "supportsag|supportsager")
_NOTE = Words("note|notes", "notat|notater")

INTERACTED = Aggregate("interactions", _TABLE, "count", _INTERACTION, windows=(7, 30, 90, 365, ALL))
ACTIVE_DAYS = Aggregate(
    "interaction_days",
    _TABLE,
    "days",
    Words("active day|active days", "aktiv dag|aktive dage"),
    windows=(7, 30, 90, 180, 365),
)
LOGINS = Aggregate("logins", _TABLE, "count", _LOGIN, where=kind("login"), windows=(7, 30, 90), topic="logins")
LOGIN_DAYS = Aggregate(
    "login_days",
    _TABLE,
    "days",
    Words("day with a login|days with a login", "dag med login|dage med login"),
    where=kind("login"),
    windows=(30, 90),
    topic="logins",
)
USAGE = Aggregate(
    "usage",
    _TABLE,
    "sum",
    Words("unit of use|units of use", "brugsenhed|brugsenheder"),
    column="quantity",
    where=kind("usage"),
    windows=(7, 30, 90, 365),
    unit="number",
    family="usage",
    topic="use",
)
USAGE_MEAN = Aggregate(
    "usage_mean",
    _TABLE,
    "mean",
    Words(
        "{value} {unit of use|units of use} per record of use on average",
        "{value} {brugsenhed|brugsenheder} pr. registrering i gennemsnit",
    ),
    column="quantity",
    where=kind("usage"),
    windows=(30, 90),
    unit="number",
    family="usage",
    topic="use",
)
CALL_MINUTES = Aggregate(
    "call_minutes",
    _TABLE,
    "sum",
    Words("minute of calls|minutes of calls", "minuts opkald|minutters opkald"),
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
    Words("contact|different contacts", "kontaktperson|forskellige kontaktpersoner"),
    column="contact_id",
    windows=(30, 90, 365),
    family="breadth",
    topic="people",
)
KINDS = Aggregate(
    "kinds",
    _TABLE,
    "distinct",
    Words("kind of interaction|kinds of interaction", "slags aktivitet|slags aktiviteter"),
    column="kind",
    windows=(30, 90),
    family="breadth",
)
_TOUCHES = (
    Aggregate("calls", _TABLE, "count", _CALL, where=kind("call"), windows=(30, 90, 365), topic="contact"),
    Aggregate("meetings", _TABLE, "count", _MEETING, where=kind("meeting"), windows=(30, 90, 365), topic="contact"),
    Aggregate("emails", _TABLE, "count", _EMAIL, where=kind("email"), windows=(30, 90, 365), topic="contact"),
    Aggregate("tickets", _TABLE, "count", _TICKET, where=kind("ticket"), windows=(30, 90, 365), topic="tickets"),
    Aggregate("notes", _TABLE, "count", _NOTE, where=kind("note"), windows=(30, 90, 365), topic="contact"),
)
_SHARED = Words(
    "{value} of the interactions {span} were {what}", "{value} af aktiviteterne {span} var {what}"
)  # fmt: skip
_MIX = tuple(
    Ratio(f"{name}_share", of, INTERACTED, _SHARED.put(what=of.words.many), windows=(90,), family="mix")
    for name, of in zip(("call", "meeting", "email", "ticket", "login"), (*_TOUCHES[:4], LOGINS), strict=True)
)
_ACTIVE_GAP = Gaps(_TABLE, "mean")
_LAST = Since(_TABLE)
_ONE_DAY = Words("fewer than two active days", "færre end to aktive dage")


def _recency(name: str, what: Words, topic: str = "") -> Derived:
    return Derived(
        f"days_since_{name}",
        Since(_TABLE, "last", kind(name) if name != "interaction" else ANY),
        Words("{value} {day|days} since the last {what}", "{value} {dag|dage} siden seneste {what}").put(what=what.one),
        unit="days",
        family="recency",
        unknown=Words("no {what} on record", "ingen {what} registreret").put(what=what.many),
        topic=topic,
    )


DECLARATIONS: tuple[Declaration, ...] = (
    INTERACTED,
    Monthly(INTERACTED),
    Trend(INTERACTED),
    ACTIVE_DAYS,
    Recent(ACTIVE_DAYS, half_lives=(14, 60)),
    Trend(ACTIVE_DAYS),
    Pace(ACTIVE_DAYS, fast=14, slow=60),
    LOGINS,
    LOGIN_DAYS,
    Trend(LOGINS),
    USAGE,
    Trend(USAGE),
    Recent(USAGE, half_lives=(14,)),
    Pace(USAGE, fast=14, slow=60),
    USAGE_MEAN,
    *_TOUCHES,
    *_MIX,
    CALL_MINUTES,
    CONTACTS,
    Derived(
        "top_contact_share_365d",
        TopShare(_TABLE, "count", "contact_id", window=365),
        Words(
            "{value} of the interactions with a named contact in the last 365 days were with the most frequent one",
            "{value} af aktiviteterne med en navngivet kontaktperson de seneste 365 dage var med den hyppigste",
        ),
        unit="share",
        family="mix",
        window=365,
        unknown=Words(
            "no contact on record in the last 365 days", "ingen kontaktperson registreret de seneste 365 dage"
        ),
        topic="people",
    ),
    KINDS,
    _recency("interaction", _INTERACTION),
    _recency("login", _LOGIN, "logins"),
    _recency("usage", _USE, "use"),
    _recency("call", _CALL, "contact"),
    _recency("meeting", _MEETING, "contact"),
    _recency("email", _EMAIL, "contact"),
    _recency("ticket", _TICKET, "tickets"),
    _recency("nps", Words("NPS answer|NPS answers", "NPS-svar"), "survey"),
    _recency("csat", Words("CSAT answer|CSAT answers", "CSAT-svar"), "survey"),
    Derived(
        "days_since_first_interaction",
        Since(_TABLE, "first"),
        Words("{value} {day|days} since the first interaction", "{value} {dag|dage} siden den første aktivitet"),
        unit="days",
        family="tenure",
        unknown=Words("no interactions on record", "ingen aktiviteter registreret"),
        topic="tenure",
    ),
    Derived(
        "interaction_gap_mean",
        _ACTIVE_GAP,
        Words(
            "{value} {day|days} between interactions on average", "{value} {dag|dage} mellem aktiviteter i gennemsnit"
        ),
        unit="days",
        family="regularity",
        unknown=_ONE_DAY,
    ),
    Derived(
        "interaction_gap_deviation",
        Gaps(_TABLE, "deviation"),
        Words(
            "the time between interactions varies by {value} {day|days}",
            "tiden mellem aktiviteter svinger med {value} {dag|dage}",
        ),
        unit="days",
        family="regularity",
        unknown=Words("fewer than three active days", "færre end tre aktive dage"),
    ),
    Derived(
        "interaction_gap_longest",
        Gaps(_TABLE, "longest"),
        Words(
            "{value} {day|days} between interactions at the longest", "højst {value} {dag|dage} mellem to aktiviteter"
        ),
        unit="days",
        family="regularity",
        unknown=_ONE_DAY,
    ),
    Derived(
        "days_since_interaction_over_gap",
        Combined("ratio", _LAST, _ACTIVE_GAP),
        Words(
            "{since} {since:day|days} since the last interaction, against {gap} {gap:day|days} between them on average",
            "{since} {since:dag|dage} siden seneste aktivitet, mod {gap} {gap:dag|dage} imellem dem i gennemsnit",
        ),
        unit="ratio",
        family="regularity",
        unknown=_ONE_DAY,
        facts=(
            Fact("since", "days_since_interaction", "days", _LAST),
            Fact("gap", "interaction_gap_mean", "days", _ACTIVE_GAP),
        ),
    ),
    Derived(
        "meetings_booked",
        Until(_TABLE, "count", kind("meeting")),
        Words("{value} {meeting|meetings} booked", "{value} {møde|møder} aftalt"),
        unit="count",
        family="bookings",
        empty=0.0,
        topic="contact",
    ),
    Derived(
        "days_to_meeting",
        Until(_TABLE, "next", kind("meeting")),
        Words("{value} {day|days} to the next booked meeting", "{value} {dag|dage} til næste aftalte møde"),
        unit="days",
        family="bookings",
        unknown=Words("no meeting booked", "intet møde aftalt"),
        topic="contact",
    ),
)
