"""The engine: what a template may do, and how much of it.

Templates are written by people who may be wrong, or not our friends. Four walls, each enough against most:

1. the syntax tree may hold only what ``ALLOWED`` lists: no calls, no arithmetic, no concatenation, no
   includes, macros or recursion, and only the filters below (``check`` says it in words);
2. the tree is looked at *before* Jinja2 compiles it, because compiling folds constants (``"a" * 10**9``);
3. values are plain facts in an ``ImmutableSandboxedEnvironment`` without globals;
4. a budget per mail: items looped over, and characters written.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from jinja2 import StrictUndefined, Template, nodes, pass_context
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nurture.i18n import mark, words
from nurture.render.facts import Facts, Hole

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ITEMS: Final = 500
MAX_OUTPUT: Final = 20_000
MAX_DEPTH: Final = 12
MAX_NODES: Final = 1_500

ALLOWED: Final = frozenset(
    {
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.If,
        nodes.For,
        nodes.Assign,
        nodes.Name,
        nodes.Const,
        nodes.List,
        nodes.Tuple,
        nodes.Getattr,
        nodes.Getitem,
        nodes.Slice,
        nodes.Filter,
        nodes.Test,
        nodes.Compare,
        nodes.Operand,
        nodes.And,
        nodes.Or,
        nodes.Not,
        nodes.CondExpr,
    }
)
FILTERS: Final = ("date", "time", "join", "default", "first", "last", "length")
TESTS: Final = ("defined", "undefined")


class TooMuch(Exception):
    """A template wants more than its budget. The message is a message id."""


class Unprintable(Exception):
    """A template prints what is not a text. The message is a message id."""


@dataclass(slots=True)
class Budget:
    """What is left for this mail."""

    items: int = MAX_ITEMS
    characters: int = MAX_OUTPUT

    def spend_items(self, count: int) -> None:
        """Take ``count`` items out of the budget."""
        self.items -= count
        if self.items < 0:
            raise TooMuch(mark("the template loops over too many items"))

    def spend_characters(self, count: int) -> None:
        """Take ``count`` characters out of the budget."""
        self.characters -= count
        if self.characters < 0:
            raise TooMuch(mark("the template writes too much text"))


_budget: ContextVar[Budget] = ContextVar("budget")


def _bounded(value: Any) -> list[Any]:
    """The items of a list, paid for. Put around what each loop iterates over."""
    budget = _budget.get()
    items = list(islice(value, budget.items + 1))
    budget.spend_items(len(items) + 1)
    return items


@pass_context
def _date(context: Context, value: Any) -> str:
    """12月5日(土); with the year where it is not the year of sending."""
    if isinstance(value, Undefined):
        return str(value)
    if not isinstance(value, Date):
        raise Unprintable(mark("the filter date needs a date"))
    day = value.date() if isinstance(value, datetime) else value
    sent = context.resolve("send_on")
    same_year = not isinstance(sent, Date) or sent.year == day.year
    if _language(context) == "en":
        return words("en").day(day) if same_year else words("en").date(day)
    return words("ja").date(day) if not same_year else words("ja").date(day).partition("年")[2]


def _time(value: Any) -> str:
    """14:00."""
    if isinstance(value, Undefined):
        return str(value)
    if not isinstance(value, datetime):
        raise Unprintable(mark("the filter time needs an instant"))
    return f"{value:%H:%M}"


def _join(value: Any, separator: str = "") -> str:
    if isinstance(value, Undefined):
        return str(value)
    items = [text(item) for item in _bounded(value)]
    _budget.get().spend_characters(sum(len(item) + len(separator) for item in items))
    return separator.join(items)


def _default(value: Any, instead: Any = "") -> Any:
    return instead if isinstance(value, Undefined) else value


def _first(value: Any) -> Any:
    return value if isinstance(value, Undefined) else next(iter(value))


def _last(value: Any) -> Any:
    return value if isinstance(value, Undefined) else list(value)[-1]


def _language(context: Context) -> str:
    person = context.resolve("person")
    return str(person["language"]) if isinstance(person, Facts) else "ja"


def text(value: Any) -> str:
    """What may be printed: texts and whole numbers; a hole says its name, anything else is refused."""
    if isinstance(value, Undefined):
        return str(value)  # raises
    if isinstance(value, Date):
        raise Unprintable(mark("a date is printed without the filter date"))
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unprintable(mark("a list or record is printed where a text is expected"))
    return str(value)


class Engine(ImmutableSandboxedEnvironment):
    """The Jinja2 environment, with nothing in it that is not listed here."""

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,  # plain text
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=text,
        )
        self.globals.clear()
        self.filters.clear()
        self.tests = {name: self.tests[name] for name in TESTS}
        self.filters |= {
            "date": _date,
            "time": _time,
            "join": _join,
            "default": _default,
            "first": _first,
            "last": _last,
            "length": len,
            " bounded": _bounded,  # no template can write a name with a space
        }

    def prepare(self, tree: nodes.Template, file: str) -> Template:
        """Compile a tree that was checked; its loops are put under the budget."""
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, " bounded", [], [], None, None, lineno=loop.lineno)
        code = self.compile(tree, name=file, filename=file)
        return Template.from_code(self, code, {})


def render(template: Template, facts: Mapping[str, Any]) -> str:
    """The text, within the budget.

    Raises:
        EmptyField, TooMuch, Unprintable, jinja2.TemplateError: as the names say.
    """
    budget = Budget()
    token = _budget.set(budget)
    try:
        parts = []
        for part in template.generate(facts):
            budget.spend_characters(len(part))
            parts.append(part)
        return "".join(parts)
    finally:
        _budget.reset(token)


__all__ = [
    "ALLOWED",
    "FILTERS",
    "MAX_DEPTH",
    "MAX_NODES",
    "TESTS",
    "Engine",
    "Hole",
    "TooMuch",
    "Unprintable",
    "render",
]
