"""A simulation as a picture: people down, days across, closed days shaded by their reason, steps as marks (SVG).

One file without scripts, fonts or links: it opens in a browser, prints, goes into a document, and follows the
reader's light or dark theme. Reasons differ in colour and in pattern, so that nobody needs to see colours. Rows of
people whose days are alike share one drawing of their shades.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from nurture.core.plan import StepOutcome
from nurture.reports.field import CLOSED, KINDS, ems, shortened
from nurture.reports.simulation import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nurture.i18n import Words
    from nurture.reports.field import Field, Shade, Spot

ROW: Final = 22
"""Height of a row; all lengths are in pixels."""
TEXT: Final = 12
LEFT: Final = 16
WIDEST_LABEL: Final = 22  # ems
TOP: Final = 94
ROOM: Final = 960
"""For the days, if they fit."""

STYLE: Final = """
svg{--ground:#fff;--ink:#1b2330;--soft:#667085;--line:#e3e7ee;--strong:#c3cad6;--closed:#f1f3f6;
--blackout:#f6c9c4;--blackout-ink:#c4453a;--holiday:#ddd5f3;--holiday-ink:#7a62c4;
--no_appointment:#fbe3b5;--no_appointment-ink:#b57b12;--reduce:#d3e8f2;--reduce-ink:#3d88aa;
--mail:#1659c7;--task:#0d7a54;--lost:#8a94a6}
@media (prefers-color-scheme:dark){svg{--ground:#12161d;--ink:#e8ecf3;--soft:#98a3b5;--line:#262d38;
--strong:#3d4757;--closed:#1a2029;--blackout:#4a2624;--blackout-ink:#e2796f;--holiday:#332c4d;
--holiday-ink:#a593e6;--no_appointment:#46381a;--no_appointment-ink:#e0ad4c;--reduce:#1c3846;
--reduce-ink:#6fb4d3;--mail:#74a8ff;--task:#4cc796;--lost:#7b8698}}
text{font:12px system-ui,"Noto Sans CJK JP","Noto Sans JP","Hiragino Sans","Yu Gothic UI",sans-serif;
fill:var(--ink)}
.soft{fill:var(--soft);font-size:11px}.title{font-size:16px;font-weight:600}
.line{stroke:var(--line)}.strong{stroke:var(--strong)}
.mail{fill:var(--mail);stroke:var(--ground);stroke-width:1.5}
.task{fill:var(--ground);stroke:var(--task);stroke-width:2}
.lost{stroke:var(--lost);stroke-width:1.75;fill:none;stroke-linecap:round}
.way{stroke:var(--mail);stroke-width:1.5;opacity:.55}.way.of-task{stroke:var(--task)}
.anchor{stroke:var(--ink);stroke-width:1;stroke-dasharray:2 3}
""".strip().replace("\n", "")


def as_svg(field: Field, w: Words) -> str:
    """The picture as one SVG document."""
    return "".join(_Drawing(field, w).document())


class _Drawing:
    """Where everything stands."""

    def __init__(self, field: Field, w: Words) -> None:
        self.field, self.w = field, w
        self.labels = min(max([ems(row.label) for row in field.rows], default=0), WIDEST_LABEL) * TEXT + 18
        self.left = LEFT + self.labels
        self.day = min(max(ROOM / field.days, 2.4), 24)
        self.right = self.left + self.day * field.days
        self.bottom = TOP + ROW * len(field.rows)
        self.width = max(self.right, self.left + 400) + LEFT
        self.legend, end = self._legend()
        self.height = end + 22 + (20 if field.hidden else 0)

    def x(self, day: date) -> float:
        """The left edge of a day."""
        return self.left + (day - self.field.first).days * self.day

    def document(self) -> Iterator[str]:
        """All parts in the order of painting."""
        field, w = self.field, self.w
        about = w(
            "{count} enrollments from {first} to {last}: closed days and steps",
            count=len(field.rows) + field.hidden,
            first=w.date(field.first),
            last=w.date(field.last),
        )
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:.0f}" height="{self.height:.0f}" '
            f'viewBox="0 0 {self.width:.0f} {self.height:.0f}" role="img" aria-labelledby="t d" '
            f'lang="{w.language}">\n<title id="t">{_text(field.title)}</title>\n'
            f'<desc id="d">{_text(about)}</desc>\n'
            f"<style>{STYLE}</style>\n<defs>{_patterns()}"
        )
        yield from self._symbols()
        yield '</defs>\n<rect width="100%" height="100%" fill="var(--ground)"/>\n'
        yield f'<text class="title" x="{LEFT}" y="28">{_text(field.title)}</text>\n'
        yield f'<text class="soft" x="{LEFT}" y="46">{_text(about)}</text>\n'
        yield from self._rows()
        yield from self._axis()
        yield from self._spots()
        yield self.legend
        if field.hidden:
            more = w("and {count} more, for whom there is no room here", count=field.hidden)
            yield f'<text class="soft" x="{LEFT}" y="{self.height - 12:.0f}">{_text(more)}</text>\n'
        yield "</svg>\n"

    # --- days across ---

    def _axis(self) -> Iterator[str]:
        """Months, and under them days or Mondays, as there is room."""
        field, bottom, named = self.field, self.bottom, self.left - 1
        year = 0
        for number in range(field.days):
            day = field.first + timedelta(days=number)
            x = self.x(day)
            if day.day == 1:
                yield f'<path class="strong" d="M{x:.1f} {TOP - 36}V{bottom}"/>'
            if (number == 0 or day.day == 1) and x > named:
                name = self.w.month(day, year=day.year != year)
                end = x + ems(name) * 11 + 8
                if end < min(self.x(_next_month(day)), self.right):
                    yield f'<text class="soft" x="{x + 3:.1f}" y="{TOP - 26}">{name}</text>\n'
                    named, year = end, day.year
            if self.day >= 15:
                middle = x + self.day / 2
                yield f'<text class="soft" x="{middle:.1f}" y="{TOP - 9}" text-anchor="middle">{day.day}</text>\n'
            elif day.weekday() == 0:
                yield f'<path class="line" d="M{x:.1f} {TOP - 6}V{bottom}"/>'
                if self.day * 7 >= 17 and x + 14 < self.right:
                    yield f'<text class="soft" x="{x + 2:.1f}" y="{TOP - 9}">{day.day}</text>\n'
        anchor = self.x(field.anchor) + self.day / 2
        yield f'<path class="anchor" d="M{anchor:.1f} {TOP - 4}V{bottom}"/>\n'

    # --- people down ---

    def _symbols(self) -> Iterator[str]:
        """The shades of each kind of person, drawn once."""
        self.same: dict[tuple[Shade, ...], int] = {}
        for row in self.field.rows:
            if row.shades and row.shades not in self.same:
                self.same[row.shades] = len(self.same)
                drawn = "".join(self._shade(shade) for shade in row.shades)
                yield f'<g id="p{self.same[row.shades]}">{drawn}</g>\n'

    def _shade(self, shade: Shade) -> str:
        width = self.day * ((shade.last - shade.first).days + 1)
        w = self.w
        span = w.day(shade.first) + (f" – {w.day(shade.last)}" if shade.last != shade.first else "")
        said = f"{w(KINDS[shade.kind])}: {shade.title}" if shade.title else w(KINDS[shade.kind])
        fill = "var(--closed)" if shade.kind == CLOSED else f"url(#{shade.kind})"
        return (
            f'<rect x="{self.x(shade.first):.1f}" y="1" width="{width:.1f}" height="{ROW - 2}" fill="{fill}">'
            f"<title>{_text(said)}\n{_text(span)}</title></rect>"
        )

    def _rows(self) -> Iterator[str]:
        for place, row in enumerate(self.field.rows):
            y = TOP + place * ROW
            label = shortened(row.label, WIDEST_LABEL)
            yield (
                f'<text x="{LEFT}" y="{y + 15}"><title>{_text(row.label)}</title>{_text(label)}</text>'
                f'<path class="line" d="M{LEFT} {y}H{self.right:.1f}"/>'
            )
            if row.shades:
                yield f'<use href="#p{self.same[row.shades]}" y="{y}"/>\n'
        yield f'<path class="line" d="M{LEFT} {self.bottom}H{self.right:.1f}"/>\n'

    def _spots(self) -> Iterator[str]:
        for place, row in enumerate(self.field.rows):
            y = TOP + place * ROW + ROW / 2
            for spot in row.spots:  # ways first: no mark is crossed by the way of another
                yield self._way(spot, y)
            shared = {spot.on for at, spot in enumerate(row.spots) if spot.on in {s.on for s in row.spots[:at]}}
            for spot in row.spots:
                x = self._middle(spot.on)
                if spot.on in shared:  # side by side
                    x += -4 if spot.outcome is StepOutcome.SEND else 5
                yield f"<g>{self._mark(spot.outcome, x, y)}<title>{_text(spot.title)}</title></g>"
            yield "\n"

    def _middle(self, day: date) -> float:
        return self.x(max(day, self.field.first)) + self.day / 2

    def _way(self, spot: Spot, y: float) -> str:
        """From where the scenario had a step to where it falls."""
        if spot.on == spot.nominal or not self.field.first <= spot.nominal <= self.field.last:
            return ""
        kind = "way of-task" if spot.outcome is StepOutcome.TASK else "way"
        start, end = self._middle(spot.nominal), self._middle(spot.on)
        return f'<path class="{kind}" d="M{start:.1f} {y - 4:.0f}v8M{start:.1f} {y:.0f}H{end:.1f}"/>'

    def _mark(self, outcome: StepOutcome, x: float, y: float, size: float | None = None) -> str:
        size = size or min(5.5, max(3.2, self.day * 0.9))
        if outcome is StepOutcome.SEND:
            return f'<circle class="mail" cx="{x:.1f}" cy="{y:.0f}" r="{size:.1f}"/>'
        if outcome is StepOutcome.TASK:
            side = 2 * size - 2
            return (
                f'<rect class="task" x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" '
                f'height="{side:.1f}" rx="1.5"/>'
            )
        arm = size - 1.5
        if outcome is StepOutcome.EXPIRED:  # an hour glass
            shape = f"M{x - arm:.1f} {y - arm:.1f}h{2 * arm:.1f}l{-2 * arm:.1f} {2 * arm:.1f}h{2 * arm:.1f}z"
        else:
            shape = (
                f"M{x - arm:.1f} {y - arm:.1f}l{2 * arm:.1f} {2 * arm:.1f}m0 {-2 * arm:.1f}"
                f"l{-2 * arm:.1f} {2 * arm:.1f}"
            )
        return f'<path class="lost" d="{shape}"/>'

    # --- the legend ---

    def _legend(self) -> tuple[str, float]:
        """What the marks and shades of the picture mean, and where that ends."""
        field, w = self.field, self.w
        marks = {spot.outcome for row in field.rows for spot in row.spots}
        kinds = {shade.kind for row in field.rows for shade in row.shades}
        drawn: list[str] = []
        x, y = float(LEFT), self.bottom + 26.0
        for outcome, kind, name in (
            *((o, "", w(said)) for o, said in OUTCOMES.items() if o in marks),
            *((None, k, w(said)) for k, said in KINDS.items() if k in kinds),
        ):
            room = 30 + ems(name) * 11 + 14
            if x + room > self.width - LEFT and x > LEFT:
                x, y = float(LEFT), y + 22
            if outcome is not None:
                drawn.append(self._mark(outcome, x + 10, y - 4, 5))
            else:
                fill = "var(--closed)" if kind == CLOSED else f"url(#{kind})"
                drawn.append(
                    f'<rect x="{x:.1f}" y="{y - 12:.1f}" width="20" height="15" rx="2" fill="{fill}" '
                    f'stroke="var(--line)"/>'
                )
            drawn.append(f'<text class="soft" x="{x + 27:.1f}" y="{y:.0f}">{_text(name)}</text>\n')
            x += room
        return "".join(drawn), y


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _patterns() -> str:
    """Each reason has a pattern of its own besides its colour."""

    def pattern(kind: str, shape: str) -> str:
        return (
            f'<pattern id="{kind}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<rect width="8" height="8" fill="var(--{kind})"/>'
            f'<path d="{shape}" stroke="var(--{kind}-ink)" stroke-opacity=".45" fill="none"/></pattern>'
        )

    return (
        pattern("blackout", "M-2 10L10 -2M-2 2L2 -2M6 10L10 6")
        + pattern("holiday", "M0 4H8")
        + pattern("no_appointment", "M4 0V8")
        + pattern("reduce", "M2 2h1M6 6h1")
        + "\n"
    )


def _text(text: str) -> str:
    """Text for XML: markup escaped, control characters gone."""
    return escape("".join(sign for sign in text if sign >= " " or sign == "\n"), {'"': "&quot;"})
