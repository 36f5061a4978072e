"""Fills templates. The plain ones, which are nearly all, are joined from pieces; jinja renders the others.

Jinja spends most of a rendering on a context of its own, which a text with nothing but slots, filters and a choice
between two words has no use for: joining its pieces takes a tenth of the time and gives the same text, and nothing is
compiled. Whatever else a template may have, such as conditions, is left to jinja.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import jinja2
from jinja2 import nodes

Slots = Mapping[str, Any]
Value = Callable[[Slots], Any]


class _NotPlainError(Exception):
    """A template has more than pieces that can be joined."""


def filling(tree: nodes.Template, environment: jinja2.Environment) -> Callable[[Slots], str]:
    """Return what fills a parsed template.

    Parameters
    ----------
    tree : of the template.
    environment : it was parsed by: sandboxed, with strict undefined values and without escaping.

    Raises
    ------
    jinja2.TemplateError
        if it cannot be compiled; the function returned does so if a slot has no value.
    """
    try:
        pieces = list(_pieces(tree, environment))
    except _NotPlainError:
        # Without jinja's globals: no template may use them, and each rendering would copy them.
        return jinja2.Template.from_code(environment, environment.compile(tree), {}).render
    text = "".join([piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in pieces])
    return partial(_join, text, [piece for piece in pieces if not isinstance(piece, str)])


def _join(text: str, values: Sequence[Value], slots: Slots) -> str:
    try:
        return text % tuple([value(slots) for value in values])
    except KeyError as error:
        raise jinja2.UndefinedError(f"{error.args[0]!r} is undefined") from None


def _pieces(tree: nodes.Template, environment: jinja2.Environment) -> Iterator[str | Value]:
    for part in tree.body:
        if not isinstance(part, nodes.Output):
            raise _NotPlainError
        for node in part.nodes:
            yield node.data if isinstance(node, nodes.TemplateData) else _value(node, environment)


def _value(node: nodes.Node | None, environment: jinja2.Environment) -> Value:
    """Return what gives the value of a slot, a constant, what a filter makes of one, or the choice of one."""
    match node:
        case nodes.Const(value=value):
            return partial(_constant, value)
        case nodes.Name(name=name):
            return itemgetter(name)
        case nodes.CondExpr(test=test, expr1=first, expr2=second):
            if_so, if_not = _value(first, environment), _value(second, environment)
            return partial(_either, _value(test, environment), if_so, if_not)
        case nodes.Filter(node=inner, name=name, args=args, kwargs=[], dyn_args=None, dyn_kwargs=None):
            if name in environment.filters:  # else jinja's own message is a good one
                given = [_value(argument, environment) for argument in (inner, *args)]
                return partial(_filtered, environment.filters[name], given)
    raise _NotPlainError


def _constant(value: Any, _: Slots) -> Any:
    return value


def _either(test: Value, first: Value, second: Value, slots: Slots) -> Any:
    return first(slots) if test(slots) else second(slots)


def _filtered(function: Callable[..., Any], given: Sequence[Value], slots: Slots) -> Any:
    return function(*[value(slots) for value in given])
