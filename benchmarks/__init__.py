"""How fast the reads are, beside a hand-written endpoint and beside idiomatic Strawberry; `make bench` runs it."""
