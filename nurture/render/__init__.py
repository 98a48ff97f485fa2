"""Templates to finished texts: addressee block, body, signature, legal footer.

=============  ====================================================================
``fields``     the vocabulary: every field that a template may name, and its shape
``facts``      a brief as plain dicts of those fields; nothing else can be reached
``source``     a template file: front matter and body
``check``      what is wrong with a template, found without rendering it
``sandbox``    the engine: what a template may do, and how much of it
``letter``     what stands around a body: addressee, signature, footer
``writer``     ``TemplateWriter``: all of it together, the door ``ports.Writer``
=============  ====================================================================
"""

from nurture.render.writer import TemplateWriter

__all__ = ["TemplateWriter"]
