"""When, not only whether: a discrete-time hazard per step of days, from which probabilities within each horizon follow.

P(T <= h) = 1 - prod over the steps up to h of (1 - hazard), so that a curve never falls. Sources: Allison (1982),
"Discrete-time methods for the analysis of event histories"; Singer and Willett (1993), "It's about time"; Tutz and
Schmid (2016), "Modeling discrete time-to-event data".
"""
