"""Papers: what an issued document says, laid out in both languages and printed as PDF. No Django, no database."""

from prewatt.reports.papers.forms import FORMS, Form, forms_of
from prewatt.reports.papers.layout import lay_out
from prewatt.reports.papers.merging import merge_pdfs
from prewatt.reports.papers.printing import Marks, pictures, render

__all__ = ["FORMS", "Form", "Marks", "forms_of", "lay_out", "merge_pdfs", "pictures", "render"]
