"""Which field suits which parameter."""

from __future__ import annotations

from labctl.core.quantity import Spec
from labctl.gui.form.choice_fields import ChoiceField, FixedField, FlagField
from labctl.gui.form.field import Field
from labctl.gui.form.text_field import TextField
from labctl.gui.form.words import is_choice, is_typable


def field_for(spec: Spec) -> Field:
    """The field that suits the parameter's kind."""
    if not is_typable(spec):
        return FixedField(spec)
    if spec.kind is bool:
        return FlagField(spec)
    return ChoiceField(spec) if is_choice(spec) else TextField(spec)
