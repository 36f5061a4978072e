"""A job's own label lists: files that are laid over the shipped lists, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from spargen.errors import JobError, nearest, short
from spargen.reading import parse_yaml, read_text
from spargen.scene.labels import LabelRules, label_rules, plain

ALL = "all"
"""What stands in `remove` for a whole list of the shipped ones."""


def _entry(text: str) -> str:
    """Return a label as labels are compared; refuse what has no letter or digit, for it would be every empty label."""
    if not any(map(str.isalnum, entry := plain(text))):
        raise ValueError("an entry should have a letter")
    return entry


def _removed(entries: object) -> object:
    if not entries:
        raise ValueError("nothing is listed here")
    return None if entries == ALL else entries


Entry = Annotated[str, AfterValidator(_entry)]
Entries = Annotated[tuple[Entry, ...], Field(min_length=1)]
Kind = Annotated[str, AfterValidator(lambda text: " ".join(text.split())), Field(pattern=r"\w")]
Pair = tuple[Entry, Entry]
T = TypeVar("T")
Removed = Annotated[tuple[T, ...] | None, BeforeValidator(_removed), PlainSerializer(lambda entries: entries or ALL)]
"""Entries to take out; None for all of them."""


class Removal(BaseModel):
    """What a file takes out of the lists below it, by list: entries, or None for all.

    Of `building`, labels or whole kinds, by the words that questions use; of `groups`, names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    building: Removed[Entry] = ()
    unasked: Removed[Entry] = ()
    meaningless: Removed[Entry] = ()
    uncountable: Removed[Entry] = ()
    groups: Removed[Entry] = ()
    unlike: Removed[Pair] = ()
    singular: Removed[Entry] = ()


class LabelChanges(BaseModel):
    """What one file says: lists to be added to those of `LabelRules`, and what is taken out of these first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    remove: Removal = Removal()
    building: dict[Kind, Entries] = {}
    unasked: Entries = ()
    meaningless: Entries = ()
    uncountable: Entries = ()
    groups: tuple[Annotated[tuple[Entry, ...], Field(min_length=2)], ...] = ()
    unlike: tuple[Pair, ...] = ()
    singular: dict[Entry, Entry] = {}

    def identity(self) -> dict[str, Any]:
        """Return what the file says as plain values that differ where it matters: kinds are said in their order."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        if self.building:
            said["building"] = [[kind, entries] for kind, entries in said["building"].items()]
        return said


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file of label lists, read: what it says, and where in it that stands."""

    path: Path
    changes: LabelChanges
    node: yaml.Node | None

    def over(self, rules: LabelRules) -> LabelRules:
        """Return rules with the file's changes.

        Raises
        ------
        JobError
            With file and line, where something is taken out that is not there, or an entry is given two meanings.
        """
        for section in Removal.model_fields:
            self._demand(section, rules)
        try:
            return LabelRules.model_validate(_changed(rules, self.changes))
        except ValidationError as error:
            what = "; ".join(e["msg"].removeprefix("Value error, ") for e in error.errors())
            raise JobError(what, where=self.path, mend="see docs/labels.md") from None

    def _demand(self, section: str, rules: LabelRules) -> None:
        """Refuse to take out of a list what does not stand in it."""
        listed = [*_entries(section, rules), *(map(plain, rules.building) if section == "building" else ())]
        known = {_compared(entry, rules) for entry in listed}
        for n, entry in enumerate(getattr(self.changes.remove, section) or ()):
            if _compared(entry, rules) not in known:
                elsewhere = (f"`{other}` has it" for other in Removal.model_fields if entry in _entries(other, rules))
                names = [text for text in listed if isinstance(text, str)]
                raise JobError(
                    f"`{section}` has no {entry!r} to take out",
                    where=_at(self.path, self.node, ("remove", section, n)),
                    mend=next(elsewhere, nearest(str(entry), names, "see configs/labels/default.yaml")),
                )


def read_label_file(path: Path) -> LabelFile:
    """Read a file of label lists.

    Raises
    ------
    JobError
        With file and line, where the file cannot be read, a key is unknown or given twice, or an entry is none.
    """
    tree, node = parse_yaml(read_text(path, "the label lists", JobError), str(path), JobError)
    try:
        return LabelFile(path, LabelChanges.model_validate({} if tree is None else tree), node)
    except ValidationError as error:
        first = error.errors()[0]
        what, mend = _described(first["loc"], first["type"], first["msg"], first["input"])
        raise JobError(what, where=_at(path, node, first["loc"]), mend=mend) from None


def rules_of(files: Sequence[Path]) -> LabelRules:
    """Return the shipped lists with files of one's own laid over them in order; see `LabelFile` for the errors."""
    rules = label_rules()
    for path in files:
        rules = read_label_file(path).over(rules)
    return rules


def rules_as_said(said: Iterable[Mapping[str, Any]]) -> LabelRules:
    """Return the rules of a run whose files are not at hand, from what they said: `LabelChanges.identity` of each."""
    rules = label_rules()
    for lists in said:
        changes = LabelChanges.model_validate({**lists, "building": dict(lists.get("building", ()))})
        rules = LabelRules.model_validate(_changed(rules, changes))
    return rules


def _changed(rules: LabelRules, changes: LabelChanges) -> dict[str, Any]:
    """Return the lists of rules, as values of their fields, with what a file takes out and what it adds."""
    gone, moved = changes.remove, {_compared(e, rules) for e in (*_entries("building", changes), *changes.unasked)}

    def left(entries: Iterable[Any], section: str, also: Iterable[object] = ()) -> tuple[Any, ...]:
        removed = getattr(gone, section)
        out = {*also, *(_compared(e, rules) for e in removed or ())}
        return () if removed is None else tuple(e for e in entries if _compared(e, rules) not in out)

    kept = [] if gone.building is None else [kind for kind in rules.building if plain(kind) not in gone.building]
    building = {kind: left(rules.building[kind], "building", moved) for kind in kept}
    building |= {kind: building.get(kind, ()) + entries for kind, entries in changes.building.items()}
    groups = (left(names, "groups") for names in rules.groups)
    return {
        "building": {kind: entries for kind, entries in building.items() if entries},
        "unasked": {*left(rules.unasked, "unasked", moved), *changes.unasked},
        "meaningless": {*left(rules.meaningless, "meaningless"), *changes.meaningless},
        "uncountable": {*left(rules.uncountable, "uncountable"), *changes.uncountable},
        "groups": (*(names for names in groups if len(names) > 1), *changes.groups),
        "unlike": (*left(rules.unlike, "unlike"), *changes.unlike),
        "singular": {many: rules.singular[many] for many in left(rules.singular, "singular")} | changes.singular,
    }


def _entries(section: str, lists: LabelRules | LabelChanges) -> list[Any]:
    """Return what a list holds: labels, or pairs of words."""
    found = getattr(lists, section)
    if section in ("building", "groups"):
        return list(chain.from_iterable(found.values() if section == "building" else found))
    return sorted(found)


def _compared(entry: Any, rules: LabelRules) -> object:
    """Return what two entries have in common that mean the same: ``Door Frames`` and ``doorframe``."""
    return frozenset(entry) if isinstance(entry, tuple) else rules.spelt_together(entry)


def _at(path: Path, node: yaml.Node | None, loc: Sequence[int | str]) -> str:
    """Return file and line of what stands at a path of keys and positions, as far as it leads."""
    line = 0
    for part in loc:
        found: list[tuple[yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = [(value, value) for value in node.value[part : part + 1]]
        if not found:
            break
        at, node = found[0]
        line = at.start_mark.line + 1
    return f"{path}:{line}" if line else str(path)


def _described(loc: Sequence[int | str], kind: str, text: str, given: object) -> tuple[str, str]:
    """Return what is wrong with a value, and how to mend it."""
    key = ".".join(map(str, loc)) or "the file"
    if kind == "extra_forbidden":
        known = sorted((Removal if loc[0] == "remove" else LabelChanges).model_fields)
        return f"unknown key `{key}`", nearest(str(loc[-1]), known, f"known keys: {', '.join(known)}")
    mend = 'put words that YAML reads as something else (no, on, 7) in quotes: "no"'
    if kind == "string_type" and not isinstance(given, (list, dict)):
        return f"`{key}` is {short(given)}, not a text", mend
    return f"`{key}`: {text.removeprefix('Value error, ').lower()}, not {short(given)}", "see docs/labels.md"
