"""How figures are computed: rows are picked once for all as_of dates, and compiled passes run over each account's."""
