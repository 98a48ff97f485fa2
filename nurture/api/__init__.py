"""The desk for other programs: REST under ``/api/v1``.

Theory of operation
-------------------
``table`` lists the operations; routes, checks and the OpenAPI document are made from it. ``call`` is what happens
around a handler: token, scope, rate, parameters, body, idempotency key. A handler is a function from a ``Call``
to an ``Answer``; reads ask the store in a fixed number of queries, and whatever changes something is a flow.

Who sees what is ``core.sight``, as at the desk. What the caller may not see does not exist (404). Private notes
are in no answer.
"""
