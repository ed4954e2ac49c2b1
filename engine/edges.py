"""To-one edges: the other row is a LEFT JOIN with its visibility in ON, so that it can hide itself and nothing else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, or_, type_coerce

from engine.builder import Node, When
from engine.compile import COMPILERS, Compilation, Here, Level, absent, conditions, presence, record, target_of
from engine.keys import points_back, referred, sole_key
from engine.selection import Picked
from engine.sources import One, OneOf


def compile_one(c: Compilation, level: Level, here: Here, picked: Picked, source: One) -> Node:
    """The row that a key names, or the one that names this row."""
    target = target_of(picked)
    row, name = c.alias(target.row)
    there = Here(target, row, name)
    if points_back(source.key, here.entity.row, target.row, narrowed=source.where is not None):
        own = referred(source.key, here.entity.row)
        on = getattr(row, source.key.key) == getattr(here.row, own)
        key = source.key.key
    else:
        key = referred(source.key, target.row)
        on = getattr(row, key) == getattr(here.row, source.key.key)
    arguments = c.arguments(picked, source)
    narrowed = conditions(source.where, row, source.viewer, arguments)
    level.joins.append((row, [on, *target.seen(row), *narrowed]))
    made = record(c, level, there, picked.sole())
    return When(presence(level, there, key), made, absent(picked))


def compile_one_of(c: Compilation, level: Level, here: Here, picked: Picked, source: OneOf) -> Node:
    """A row of one of several types: each is joined under its type, and at most one of them is there."""
    stored: Any = type_coerce(getattr(here.row, source.type.key), Text)
    made = absent(picked)
    for type_name in reversed(list(picked.below)):
        target = target_of(picked, type_name)
        row, name = c.alias(target.row)
        there = Here(target, row, name)
        key = sole_key(target.row)
        is_type = or_(stored == target.prefix, stored == type_name)
        is_row = getattr(row, key) == getattr(here.row, source.key.key)
        level.joins.append((row, [is_row, is_type, *target.seen(row)]))
        branch = record(c, level, there, picked.below[type_name])
        made = When(presence(level, there, key), branch, made)
    return made


COMPILERS[One] = compile_one
COMPILERS[OneOf] = compile_one_of
