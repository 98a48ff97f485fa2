"""What is wrong with a template, found without rendering it.

Theory of operation
===================
The syntax tree is walked once with a *scope* (which names mean which field) and a set of *guards* (paths that
are known not to be empty here). Every expression gets a ``Seen``: its kind, the path of the vocabulary that
it names, and its *needs*: the optional fields that must not be empty for it to print something.

A need is met by ``requires`` (of the template, or of each step that uses it), by an enclosing ``{% if %}`` or
``{% for %}`` that asks for it, or by ``default``. Any need that is not met would be a hole in somebody's mail,
so it is an error now. The two branches of a test guard differently: ``and`` guards with both sides, ``or``
with what both have in common, ``not`` with what its inside would guard when false.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from jinja2 import TemplateSyntaxError, nodes

from nurture.core.people import ROLES
from nurture.errors import UserError, Where
from nurture.i18n import mark
from nurture.mail.text import FOOTER_RULE
from nurture.render import fields
from nurture.render.fields import FIELDS, FLAG, NUMBER, TEXT, Field, Kind
from nurture.render.sandbox import ALLOWED, FILTERS, MAX_DEPTH, MAX_NODES, TESTS, Engine
from nurture.render.source import Source, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNKNOWN: Final = Kind("unknown")  # something was wrong already: say no more about it
LOOP: Final = Kind(
    "record",
    {name: Field(NUMBER) for name in ("index", "index0", "length")}
    | {name: Field(FLAG) for name in ("first", "last")},
)
GIVES: Final = ("content", "meeting.agreements", "next_actions", "proposed", "meeting.concerns", "promises")
CHASING: Final = re.compile(
    "その後、?(いかが|ご検討|どう)|ご検討(の|は)?(ご)?(状況|進捗)|ご検討いただけましたでしょうか"
    "|any news|just checking in|following up on my|touching base",
    re.IGNORECASE,
)
SHOUTING: Final = re.compile(
    "重要|至急|無料|緊急|必見|限定|urgent|free of charge|[!！]{2}|[\U0001f300-\U0001faff★☆]", re.IGNORECASE
)

REFUSED: Final[Mapping[str, str]] = {
    "Call": mark("a template cannot call anything"),
    "Include": mark("a template is one file: include, import and extends are not there"),
    "Import": mark("a template is one file: include, import and extends are not there"),
    "FromImport": mark("a template is one file: include, import and extends are not there"),
    "Extends": mark("a template is one file: include, import and extends are not there"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known about an expression."""

    kind: Kind
    path: str = ""
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Checked:
    """A template's trees, its problems, and the fields that it reads."""

    subject: nodes.Template | None
    body: nodes.Template | None
    problems: tuple[UserError, ...]
    fields: tuple[str, ...]


def check(source: Source, engine: Engine, requires: Iterable[str] = ()) -> Checked:
    """Look a template over. Trees are None where they cannot be compiled safely."""
    walk = _Walk(source.file)
    walk.required(source.requires, source.requires_line)
    walk.required(tuple(requires), None)
    subject = walk.parse(engine, "\n" * (source.subject_line - 1) + source.subject)
    body = walk.parse(engine, source.body)
    for tree in (subject, body):
        if tree is not None:
            walk.template(tree)
    walk.wording(source)
    leaves = {path for path in walk.used if (found := fields.find(path)) and found.kind.shape != "record"}
    return Checked(subject, body, tuple(walk.problems), tuple(sorted(leaves)))


def unknown_field(path: str, known: Iterable[str], where: Where) -> UserError:
    """A field that nobody has heard of, and which one may have been meant."""
    listed = sorted(known)
    near = nearest(path, listed)
    return UserError(
        "unknown field {field}",
        where=where,
        hint="did you mean {near}?" if near else "known here: {known}",
        field=path[:60],
        near=near,
        known=", ".join(listed),
    )


@dataclass(slots=True)
class _Walk:
    file: str
    problems: list[UserError] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    given: frozenset[str] = frozenset()  # paths that ``requires`` promises

    def say(self, text: str, line: int | None, hint: str | None = None, **values: object) -> None:
        """Note a problem, each once per line."""
        error = UserError(text, where=Where(file=self.file, line=line), hint=hint, **values)
        if (str(error), line) not in {(str(e), e.where.line if e.where else None) for e in self.problems}:
            self.problems.append(error)

    # --- the whole ----------------------------------------------------------------------------------

    def required(self, names: Sequence[str], line: int | None) -> None:
        """Take what is required as given; complain about names that are not in the vocabulary."""
        known = {path for path, _ in fields.paths() if "[]" not in path} | set(fields.SHORT)
        for name in names:
            path = fields.wanted_path(name)
            if fields.find(path) is None:
                where = Where(file=self.file, line=line, key="requires")
                self.problems.append(unknown_field(name, known, where))
            self.given |= _prefixes(path)

    def parse(self, engine: Engine, text: str) -> nodes.Template | None:
        """The tree, if it is harmless."""
        before = len(self.problems)
        try:
            tree = engine.parse(text, filename=self.file)
        except TemplateSyntaxError as error:
            self.say(mark("this is not Jinja2: {reason}"), error.lineno, reason=error.message or "")
            return None
        except (RecursionError, ValueError, MemoryError, OverflowError):
            self.say(mark("the template is nested too deeply, or holds too large a number"), None)
            return None
        self.walls(tree)
        return tree if len(self.problems) == before else None

    def walls(self, tree: nodes.Template) -> None:
        """Refuse whatever is not on the list, however deep, before anything else looks at it."""
        count, level = 0, [(node, 0) for node in tree.iter_child_nodes()]
        while level:
            node, depth = level.pop()
            count += 1
            if count > MAX_NODES:
                self.say(mark("the template has more than {limit} parts"), node.lineno, limit=MAX_NODES)
                return
            if depth > 3 * MAX_DEPTH:
                self.say(mark("the template is nested too deeply, or holds too large a number"), node.lineno)
                return
            if type(node) not in ALLOWED:
                name = type(node).__name__
                text = REFUSED.get(name, mark("{name} is not allowed in a template"))
                self.say(text, node.lineno, name=name)
            elif isinstance(node, nodes.Filter | nodes.Test):
                self.named(node)
            elif isinstance(node, nodes.For) and node.recursive:
                self.say(mark("a template's loop cannot be recursive"), node.lineno)
            elif isinstance(node, nodes.List | nodes.Tuple | nodes.Slice) and not _constant(node):
                self.say(mark("lists may hold constants only"), node.lineno)
            level += [(child, depth + 1) for child in node.iter_child_nodes()]

    def named(self, node: nodes.Filter | nodes.Test) -> None:
        """A filter or a test must be one of ours, with constant arguments."""
        known = FILTERS if isinstance(node, nodes.Filter) else TESTS
        if node.name not in known or (isinstance(node, nodes.Filter) and node.node is None):
            near = nearest(node.name, known)
            self.say(
                mark("there is no filter {name}"),
                node.lineno,
                hint="did you mean {near}?" if near else "known here: {known}",
                name=node.name[:60],
                near=near,
                known=", ".join(known),
            )
        if (
            not all(isinstance(a, nodes.Const) for a in node.args)
            or node.kwargs
            or node.dyn_args
            or node.dyn_kwargs
        ):
            self.say(mark("a filter's arguments must be constants"), node.lineno)

    def template(self, tree: nodes.Template) -> None:
        """Look at everything that is printed or asked."""
        scope = {name: Seen(entry.kind, name, _need(name, entry)) for name, entry in FIELDS.fields.items()}
        self.block(tree.body, scope, self.given)

    def wording(self, source: Source) -> None:
        """What the practice forbids: a chase without a gift (C15), a shouting subject, a footer's rule."""
        if source.body.count("\n" + FOOTER_RULE):
            self.say(mark("a template cannot write the footer's line"), None)
        if found := SHOUTING.search(source.subject):
            self.say(
                mark("the subject shouts: {word}"),
                source.subject_line,
                hint="name the matter; spam filters and readers both skip such words",
                word=found.group(),
            )
        gives = any(path == given or path.startswith(f"{given}.") for path in self.used for given in GIVES)
        if (found := CHASING.search(source.body)) and not gives:
            self.say(
                mark("this mail only asks for news: {word}"),
                source.body.count("\n", 0, found.start()) + 1,
                hint="give the reader something: content, an answer to a concern, a date",
                word=found.group(),
            )

    # --- statements ---------------------------------------------------------------------------------

    def block(self, body: Sequence[nodes.Node], scope: dict[str, Seen], guards: frozenset[str]) -> None:
        """Statements one after the other; what they set stays in ``scope``."""
        for node in body:
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    if not isinstance(part, nodes.TemplateData):
                        self.printed(part, scope, guards)
            elif isinstance(node, nodes.If):
                self.choice(node, scope, guards)
            elif isinstance(node, nodes.For):
                self.loop(node, scope, guards)
            elif isinstance(node, nodes.Assign):
                seen = self.see(node.node, scope, guards)
                if isinstance(node.target, nodes.Name):
                    scope[node.target.name] = seen
                else:
                    self.say(mark("set takes one name"), node.lineno)

    def printed(self, node: nodes.Expr, scope: dict[str, Seen], guards: frozenset[str]) -> None:
        """An expression whose value goes into the mail."""
        seen = self.see(node, scope, guards)
        shape = seen.kind.shape
        if shape in {"text", "number"}:
            self.met(seen, guards, node.lineno)
        elif shape in {"day", "instant"}:
            self.say(mark("{field} is a date: write {field} | date"), node.lineno, field=seen.path)
        elif shape == "code":
            self.say(
                mark("{field} is a code, not a text for readers"),
                node.lineno,
                hint="compare it with ==",
                field=seen.path,
            )
        elif shape != "unknown":
            self.say(mark("{field} is not a text"), node.lineno, field=seen.path)

    def met(self, seen: Seen, guards: frozenset[str], line: int) -> None:
        """Complain about needs that nothing guards."""
        missing = seen.needs - guards
        holders = {holder for need in missing for holder in _prefixes(need) if holder != need}
        for need in sorted(missing - holders):
            self.say(
                mark("{field} may be empty here"),
                line,
                hint="ask for it with {{% if {field} %}}, or list it in requires",
                field=need,
            )

    def choice(self, node: nodes.If, scope: dict[str, Seen], guards: frozenset[str]) -> None:
        """If, elif, else: each branch knows what the tests before it said."""
        so_far = guards
        for branch in (node, *node.elif_):
            self.see(branch.test, scope, so_far)
            self.block(branch.body, scope, so_far | self.true(branch.test, scope, so_far))
            so_far |= self.false(branch.test, scope, so_far)
        self.block(node.else_, scope, so_far)

    def loop(self, node: nodes.For, scope: dict[str, Seen], guards: frozenset[str]) -> None:
        """A loop: inside it there is an item."""
        over = self.see(node.iter, scope, guards)
        if over.kind.shape not in {"list", "unknown"}:
            self.say(mark("{field} is not a list"), node.lineno, field=over.path or "this")
        if not isinstance(node.target, nodes.Name):
            self.say(mark("a loop takes one name"), node.lineno)
            return
        name = node.target.name
        inside = {**scope, "loop": Seen(LOOP, "loop"), name: Seen(over.kind.of or UNKNOWN, f"{over.path}[]")}
        known = guards | self.true(node.iter, scope, guards)
        known = frozenset(path for path in known if not path.startswith(f"{over.path}[]"))
        if node.test is not None:
            self.see(node.test, inside, known)
            known |= self.true(node.test, inside, known)
        self.block(node.body, inside, known)
        self.block(node.else_, dict(scope), guards)

    # --- expressions --------------------------------------------------------------------------------

    def see(self, node: nodes.Node | None, scope: dict[str, Seen], guards: frozenset[str]) -> Seen:
        """What is known about an expression; its own problems are noted."""
        if isinstance(node, nodes.Name):
            return self.name(node, scope)
        if isinstance(node, nodes.Getattr):
            return self.attribute(self.see(node.node, scope, guards), node.attr, node.lineno)
        if isinstance(node, nodes.Getitem):
            return self.item(self.see(node.node, scope, guards), node)
        if isinstance(node, nodes.Filter):
            return self.filtered(node, self.see(node.node, scope, guards), guards)
        if isinstance(node, nodes.CondExpr):
            self.see(node.test, scope, guards)
            first = self.see(node.expr1, scope, guards)
            then = first.needs - self.true(node.test, scope, guards)
            if node.expr2 is None:
                self.say(mark("an if without else prints nothing: use {{% if %}}"), node.lineno)
                return Seen(first.kind, first.path, then)
            second = self.see(node.expr2, scope, guards)
            return Seen(first.kind, first.path, then | (second.needs - self.false(node.test, scope, guards)))
        if isinstance(node, nodes.And | nodes.Or):
            left = self.see(node.left, scope, guards)
            right = self.see(node.right, scope, guards)
            return (
                Seen(FLAG) if left.kind is not right.kind else Seen(left.kind, left.path, left.needs | right.needs)
            )
        if isinstance(node, nodes.Compare):
            self.compared(node, self.see(node.expr, scope, guards), scope, guards)
            return Seen(FLAG)
        if isinstance(node, nodes.Not | nodes.Test):
            self.see(node.node, scope, guards)
            return Seen(FLAG)
        if isinstance(node, nodes.Const):
            return Seen(TEXT if isinstance(node.value, str) else NUMBER if type(node.value) is int else FLAG)
        return Seen(Kind("list", of=TEXT) if isinstance(node, nodes.List | nodes.Tuple) else UNKNOWN)

    def name(self, node: nodes.Name, scope: dict[str, Seen]) -> Seen:
        """A name: one of the vocabulary, or one that a loop or set made."""
        seen = scope.get(node.name)
        if seen is None:
            short = fields.SHORT.get(node.name)
            known = [short] if short else scope
            error = unknown_field(node.name, known, Where(file=self.file, line=node.lineno))
            hint = "did you mean {near}?" if short else error.hint
            self.say(error.text, node.lineno, hint=hint, **{**error.values, "near": short or error.values["near"]})
            return Seen(UNKNOWN)
        if "[]" not in seen.path and not seen.path.startswith("loop"):
            self.used.add(seen.path)
        return seen

    def attribute(self, base: Seen, attribute: str, line: int) -> Seen:
        """A field of a record."""
        path = f"{base.path}.{attribute}"
        if base.kind.shape == "unknown":
            return base
        if base.kind.shape == "open":
            self.used.add(path)
            return Seen(TEXT, path, base.needs | {path})
        entry = base.kind.fields.get(attribute)
        if entry is None:
            error = unknown_field(
                path, [f"{base.path}.{name}" for name in base.kind.fields], Where(file=self.file)
            )
            self.say(error.text, line, hint=error.hint, **error.values)
            return Seen(UNKNOWN)
        self.used.add(path)
        return Seen(entry.kind, path, base.needs | _need(path, entry))

    def item(self, base: Seen, node: nodes.Getitem) -> Seen:
        """``meeting["subject"]`` is ``meeting.subject``; a number or a slice takes from a list."""
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self.attribute(base, node.arg.value, node.lineno)
        if isinstance(node.arg, nodes.Slice) and base.kind.shape == "list":
            return base
        if base.kind.shape != "unknown":
            self.say(mark("take from a list with first, last or a loop"), node.lineno)
        return Seen(UNKNOWN)

    def filtered(self, node: nodes.Filter, base: Seen, guards: frozenset[str]) -> Seen:
        """What a filter makes of it."""
        if base.kind.shape == "unknown":
            return base
        shapes = {"date": {"day", "instant"}, "time": {"instant"}}.get(node.name, {"list"})
        if node.name == "default":
            return Seen(base.kind, base.path)
        if base.kind.shape not in shapes:
            self.say(
                mark("the filter {name} does not fit {field}"),
                node.lineno,
                name=node.name,
                field=base.path or "this",
            )
            return Seen(UNKNOWN)
        if node.name == "length":
            return Seen(NUMBER)
        if node.name in {"date", "time"}:
            self.met(base, guards, node.lineno)
        own = frozenset({base.path})
        if node.name in {"first", "last"}:
            return Seen(base.kind.of or UNKNOWN, f"{base.path}[]", base.needs | own)
        return Seen(TEXT, base.path, base.needs | own if node.name == "join" else base.needs)

    def compared(self, node: nodes.Compare, left: Seen, scope: dict[str, Seen], guards: frozenset[str]) -> None:
        """A role that is nearly one of those we know is a slip."""
        for operand in node.ops:
            self.see(operand.expr, scope, guards)
            for word in _words(operand.expr) if left.path == "person.role" else ():
                if word not in ROLES and (near := nearest(word, ROLES)):
                    self.say(
                        mark("there is no role {role}"),
                        node.lineno,
                        hint="did you mean {near}?",
                        role=word,
                        near=near,
                    )

    # --- what a test tells --------------------------------------------------------------------------

    def true(self, node: nodes.Node, scope: dict[str, Seen], guards: frozenset[str]) -> frozenset[str]:
        """Paths that are not empty when this holds."""
        if isinstance(node, nodes.And):
            return self.true(node.left, scope, guards) | self.true(node.right, scope, guards)
        if isinstance(node, nodes.Or):
            return self.true(node.left, scope, guards) & self.true(node.right, scope, guards)
        if isinstance(node, nodes.Not):
            return self.false(node.node, scope, guards)
        if isinstance(node, nodes.Compare):
            sure = len(node.ops) == 1 and node.ops[0].op in {"eq", "in"} and all(_words(node.ops[0].expr))
            sure = sure and bool(_words(node.ops[0].expr))
            return self.true(node.expr, scope, guards) if sure else frozenset()
        if isinstance(node, nodes.Test):
            return self.true(node.node, scope, guards) if node.name == "defined" else frozenset()
        if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem | nodes.Filter):
            seen = _Walk(self.file).see(node, scope, guards)
            return _prefixes(seen.path) | seen.needs
        return frozenset()

    def false(self, node: nodes.Node, scope: dict[str, Seen], guards: frozenset[str]) -> frozenset[str]:
        """Paths that are not empty when this does not hold."""
        if isinstance(node, nodes.Not):
            return self.true(node.node, scope, guards)
        if isinstance(node, nodes.Or):
            return self.false(node.left, scope, guards) | self.false(node.right, scope, guards)
        if isinstance(node, nodes.Test) and node.name == "undefined":
            return self.true(node.node, scope, guards)
        return frozenset()


def _need(path: str, entry: Field) -> frozenset[str]:
    """A record is never empty by itself: what matters are its fields; a list or text may be."""
    return frozenset({path}) if entry.optional and entry.kind.shape != "open" else frozenset()


def _prefixes(path: str) -> frozenset[str]:
    """The path and everything that holds it: ``a.b.c``, ``a.b``, ``a``."""
    parts = path.split(".")
    return frozenset(".".join(parts[: end + 1]) for end in range(len(parts)))


def _constant(node: nodes.Node) -> bool:
    return all(isinstance(child, nodes.Const) for child in node.iter_child_nodes())


def _words(node: nodes.Node) -> list[str]:
    """The texts in a constant or a list of constants."""
    items = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    return [item.value for item in items if isinstance(item, nodes.Const) and isinstance(item.value, str)]
