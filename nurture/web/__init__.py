"""The desk: pages where representatives approve mails, and the page behind each unsubscribe link.

Theory of operation
-------------------
Server-rendered pages that work without JavaScript. One module per page; each page is a function from a
``Visit`` (who asks, in which language, what was sent along) to a response. Reads go to the store in a
fixed number of queries per page, never one per row; whatever changes something is a flow, called from a
POST. A GET changes nothing: mail gateways fetch every link they see.

Who sees what is ``core.approval.may_see``: one's own, one's team's, that of those one stands in for;
administrators see all. What one may not see does not exist (404), so ids tell nothing.
"""
