"""``OUT/.parts/run.json``: the job that an output folder belongs to, and the scenes it is to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import OutputError
from spargen.run.files import write_json
from spargen.run.order import Order
from spargen.run.parts import PARTS, Done, error_file, read_part
from spargen.run.plan import Item, Plan

_OURS = ("spar", "facts", "data_jsons", "manifest.json")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What `run.json` says.

    Parameters
    ----------
    identity : what makes the job this job; roots : where its sources lay, which another machine may call otherwise.
    key, code, templates : fingerprints of the run, of the program and of the templates.
    plan : the scenes.
    """

    name: str
    identity: dict[str, Any]
    roots: list[str]
    key: str
    code: str
    templates: str
    plan: Plan

    @classmethod
    def of(cls, order: Order, plan: Plan) -> Ledger:
        """Return the ledger of a run that begins."""
        roots = [str(source.root.resolve()) for source in order.job.sources]
        return cls(order.job.name, order.identity, roots, order.key, order.code, order.templates, plan)

    def done(self, out: Path) -> dict[Item, Done]:
        """Return the parts that are whole and of this run, the scenes that failed last time excepted."""
        found = ((i, read_part(out, i, self.key)) for i in self.plan.items if not error_file(out, i).exists())
        return {item: part for item, part in found if part is not None}

    def failed(self, out: Path) -> dict[Item, str]:
        """Return why scenes failed, those included that a list names and the disk has not."""
        texts = dict.fromkeys(self.plan.missing, "the scene is listed but not on disk")
        for item in self.plan.items:
            file = error_file(out, item)
            if file.exists():
                texts[item] = str(orjson.loads(file.read_bytes())["message"])
        return texts


def claim(out: Path, ledger: Ledger) -> None:
    """Make an output folder this job's; `OutputError` if it is another's."""
    refuse_foreign(out, ledger)
    write_json(out / PARTS / "run.json", _plain(ledger))


def refuse_foreign(out: Path, ledger: Ledger) -> None:
    """Raise `OutputError` if an output folder belongs to another job, or to nobody knows which."""
    if (out / PARTS / "run.json").exists():
        refuse_other(_whole_identity(read_ledger(out)), _whole_identity(ledger), out)
    elif any((out / name).exists() for name in _OURS):
        raise OutputError("the folder holds files of an unknown run", where=out, mend="choose another --out")


def read_ledger(out: Path) -> Ledger:
    """Return the ledger of an output folder."""
    path = out / PARTS / "run.json"
    try:
        content = orjson.loads(path.read_bytes())
        plan = content.pop("plan")
        items, missing = (tuple(Item(*entry) for entry in plan[key]) for key in ("items", "missing"))
        return Ledger(**content, plan=Plan(items, missing, plan["terms"], tuple(plan["notes"])))
    except FileNotFoundError:
        raise OutputError("no run has written here", where=out, mend="name the --out of `spargen generate`") from None
    except (OSError, orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise OutputError("the record of the run is damaged", where=path, mend="choose another --out") from error


def refuse_other(was: Mapping[str, Any], now: Mapping[str, Any], where: Path) -> None:
    """Raise `OutputError` naming the keys in which two jobs differ."""
    before, after = _flat(was), _flat(now)
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if keys:
        texts = [f"{key} was {before.get(key, 'not set')}, now {after.get(key, 'not set')}" for key in keys[:5]]
        more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
        raise OutputError(
            f"the folder holds the output of another job: {'; '.join(texts)}{more}",
            where=where,
            mend="give the same job to resume it, or another --out",
        )


def _whole_identity(ledger: Ledger) -> dict[str, Any]:
    return {**ledger.identity, "root": dict(enumerate(ledger.roots))}


def _plain(ledger: Ledger) -> dict[str, Any]:
    plan = ledger.plan
    return {
        "name": ledger.name,
        "identity": ledger.identity,
        "roots": ledger.roots,
        "key": ledger.key,
        "code": ledger.code,
        "templates": ledger.templates,
        "plan": {
            "items": [[i.dataset, i.split, i.scene, i.source] for i in plan.items],
            "missing": [[i.dataset, i.split, i.scene, i.source] for i in plan.missing],
            "terms": plan.terms,
            "notes": plan.notes,
        },
    }


def _flat(tree: object, path: str = "") -> dict[str, object]:
    """Return the leaves of a tree by their dotted path."""
    if isinstance(tree, Mapping):
        return {k: v for key, value in tree.items() for k, v in _flat(value, f"{path}.{key}".lstrip(".")).items()}
    if isinstance(tree, list) and any(isinstance(value, Mapping) for value in tree):
        return {k: v for i, value in enumerate(tree) for k, v in _flat(value, f"{path}.{i}").items()}
    return {path: tree}
