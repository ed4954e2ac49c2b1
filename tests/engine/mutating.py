"""Engines with a fault put in: one module's source is changed as it is imported, and everything above it anew."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path

OURS = ("engine", "tests.engine")


@dataclass(frozen=True)
class Mutation:
    """A change of one module's text."""

    name: str
    module: str
    old: str
    new: str


class Finder(MetaPathFinder, Loader):
    """Finds the one module, with its text changed."""

    def __init__(self, mutation: Mutation) -> None:
        self.mutation = mutation

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.mutation.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        spec.loader = self
        return spec

    def exec_module(self, module) -> None:
        source = Path(module.__spec__.origin).read_text()
        assert source.count(self.mutation.old) == 1, f"{self.mutation.name}: the text to change is there once"
        changed = source.replace(self.mutation.old, self.mutation.new)
        exec(compile(changed, module.__spec__.origin, "exec"), module.__dict__)


def is_ours(name: str) -> bool:
    return any(name == ours or name.startswith(f"{ours}.") for ours in OURS)


@contextmanager
def mutated(mutation: Mutation):
    """Import the engine and the reading clubs anew, with a fault; gives a function to import their modules."""
    known = {name: module for name, module in sys.modules.items() if is_ours(name)}
    finder = Finder(mutation)
    for name in known:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(known)
