"""What a figure is: each measure is a frozen value that says what it reads and gives one number per as_of and account.

Windows are `[as_of - window, as_of)` by occurrence. One that reaches back before the first day of its table is empty
(NaN), not short. Days are whole days between UTC dates.
"""

from features.computing.evaluation import Measure, Reads
from features.measures.combined import Combined
from features.measures.contracted import Contracted, Held
from features.measures.decayed import Decayed
from features.measures.lately import Lately
from features.measures.lateness import Lateness
from features.measures.latest import Latest
from features.measures.moves import Moved
from features.measures.of_account import Attribute, Observed, Opened
from features.measures.parts import leaves, parts
from features.measures.peers import PeersMean
from features.measures.people import People
from features.measures.purchasing import Purchasing
from features.measures.recency import Since, Until
from features.measures.spans import Elapsed, Gaps, Oldest
from features.measures.top import TopShare
from features.measures.windowed import How, Windowed

__all__ = [
    "Attribute",
    "Combined",
    "Contracted",
    "Decayed",
    "Elapsed",
    "Gaps",
    "Held",
    "How",
    "Lately",
    "Lateness",
    "Latest",
    "Measure",
    "Moved",
    "Observed",
    "Oldest",
    "Opened",
    "PeersMean",
    "People",
    "Purchasing",
    "Reads",
    "Since",
    "TopShare",
    "Until",
    "Windowed",
    "leaves",
    "parts",
]
