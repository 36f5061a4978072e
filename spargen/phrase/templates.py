"""The template files of a run: found by task and form, checked before use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from spargen.errors import TemplateError
from spargen.fingerprint import digest
from spargen.resources import data_dir
from spargen.scene.labels import LabelRules, label_rules
from spargen.settings import Words

if TYPE_CHECKING:
    import jinja2

    from spargen.phrase.wording import Wording

FORMS = ("fill", "select", "sentence", "judge")


class TemplateSet:
    """All template files of a run, how wordy it is, and the label lists by which its filters tell plurals.

    The first folder that has the file of a task and form gives it.
    """

    def __init__(self, files: dict[tuple[str, str], Path], words: Words, rules: LabelRules | None) -> None:
        self._files, self.words, self._rules = files, words, rules
        self._read: dict[tuple[str, str], Wording] = {}

    @classmethod
    def load(cls, folders: Sequence[Path] = (), words: Words = "full", rules: LabelRules | None = None) -> TemplateSet:
        """Find the files in the given folders and then among the shipped ones; the shipped label lists by default.

        Raises `TemplateError` for a folder that is not there or holds no template, and for a file of an unknown form.
        """
        files: dict[tuple[str, str], Path] = {}
        for folder in (*map(Path, folders), data_dir("templates")):
            if not folder.is_dir():
                raise TemplateError("no such folder", where=folder, mend="name a folder of <task>/<form>.j2 files")
            found = sorted(folder.glob("*/*.j2"))
            for path in found:
                if path.stem not in FORMS:
                    raise TemplateError(
                        f"unknown form {path.stem!r}", where=path, mend=f"name it {' or '.join(FORMS)}.j2"
                    )
                files.setdefault((path.parent.name, path.stem), path)
            if not found:
                mend = "name a folder of <task>/<form>.j2 files"
                raise TemplateError("there are no templates here", where=folder, mend=mend)
        return cls(files, words, rules)

    @cached_property
    def rules(self) -> LabelRules:
        """The label lists: those given, or the shipped ones."""
        return self._rules or label_rules()

    @cached_property
    def _environment(self) -> jinja2.Environment:
        from spargen.phrase.wording import environment

        return environment(self.rules)

    def forms(self, task: str) -> tuple[str, ...]:
        """Return the forms that a task has files for."""
        return tuple(form for form in FORMS if (task, form) in self._files)

    def tasks(self) -> tuple[str, ...]:
        """Return the tasks that have files."""
        return tuple(sorted({task for task, _ in self._files}))

    def wording(self, task: str, form: str) -> Wording:
        """Return the paraphrases of a task and form; `TemplateError` without any, and for a mistake in their file."""
        # Loads jinja: to tell which files there are takes their names.
        from spargen.phrase.wording import read_wording

        key = (task, form)
        if key not in self._read:
            if key not in self._files:
                raise TemplateError(f"{task} has no {form} templates", where=task, mend=f"add {task}/{form}.j2")
            self._read[key] = read_wording(self._files[key], self._environment)
        return self._read[key]

    def check(self, task: str, slots: Iterable[str]) -> None:
        """Check a task's files against the slots it fills. Raises `TemplateError` naming file, line and fault."""
        from spargen.phrase.checks import check_wording

        known = set(slots)
        for form in self.forms(task):
            check_wording(self.wording(task, form), form, known)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with any file's name or text."""
        return digest({f"{task}/{form}": path.read_bytes() for (task, form), path in self._files.items()})
