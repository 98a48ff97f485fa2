"""Reasons as words: why this date, why not yet, what happened; the same at the desk and on the command line.

One module a subject; whoever shows something asks here.
"""

from nurture.explain.dates import move, moves
from nurture.explain.journal import entry, why
from nurture.explain.mail import bounce, intent, intents, kind
from nurture.explain.names import basis, phase, phases, region, role, slot, specialty, stance, state, step, task
from nurture.explain.reasons import held, reason, stop_reason, wait
from nurture.explain.rules import actions, rule

__all__ = [
    "actions",
    "basis",
    "bounce",
    "entry",
    "held",
    "intent",
    "intents",
    "kind",
    "move",
    "moves",
    "phase",
    "phases",
    "reason",
    "region",
    "role",
    "rule",
    "slot",
    "specialty",
    "stance",
    "state",
    "step",
    "stop_reason",
    "task",
    "wait",
    "why",
]
