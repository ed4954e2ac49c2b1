"""Which rules of validation a text can break at all: what has no variables is not asked about them."""

from __future__ import annotations

from typing import Final

from graphql import specified_rules
from graphql.validation import ASTValidationRule
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from engine.breath import BreathingRule

# Comparing fields of one response name is quadratic. The library's own budget of 500,000 is half a second of work or more;
# the largest operation of the contract needs less than 300.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 1_500

RULES: Final = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, BreathingRule)

NEEDING: Final = {
    ("$",): {
        "NoUndefinedVariablesRule",
        "NoUnusedVariablesRule",
        "UniqueVariableNamesRule",
        "VariablesAreInputTypesRule",
        "VariablesInAllowedPositionRule",
    },
    ("@",): {
        "DeferStreamDirectiveLabel",
        "DeferStreamDirectiveOnRootField",
        "DeferStreamDirectiveOnValidOperationsRule",
        "KnownDirectivesRule",
        "StreamDirectiveOnListField",
        "UniqueDirectivesPerLocationRule",
    },
    ("...", "fragment"): {
        "FragmentsOnCompositeTypesRule",
        "KnownFragmentNamesRule",
        "NoFragmentCyclesRule",
        "NoUnusedFragmentsRule",
        "PossibleFragmentSpreadsRule",
        "UniqueFragmentNamesRule",
    },
    ("subscription",): {"SingleFieldSubscriptionsRule"},
    ("(",): {
        "KnownArgumentNamesRule",
        "OneOfInputValidationRule",
        "MaybeNullValidationRule",
        "UniqueArgumentNamesRule",
        "UniqueInputFieldNamesRule",
        "ValuesOfCorrectTypeRule",
    },
}
"""Rules by the signs without one of which nothing breaks them."""


def rules_for(text: str) -> tuple[type[ASTValidationRule], ...]:
    """Give the rules that a text could break.

    Args:
        text: The document. Signs within its strings and comments count as well, which does no harm.
    """
    spared = {name for signs, names in NEEDING.items() if not any(sign in text for sign in signs) for name in names}
    return tuple(rule for rule in RULES if rule.__name__ not in spared)
