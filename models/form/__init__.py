"""The form: what an official declares, as a versioned catalogue with all that is needed to judge it. Pure."""

from .cells import CellIssue, read_header, read_row
from .codes import Code, CodeList, code_list
from .dates import PartialDate
from .differences import FieldChange, diff
from .exporting import cells_of, guarded
from .fields import Catalogue, Field, catalogue
from .foretelling import Foretold, foretold, retirement_on
from .gathering import Candidate, Gathered, gather, judge
from .issues import MAY_WAIT, FieldIssue
from .normal import Content, canonical, digest, normalise, tidy
from .ownership import carry_over, owned_by
from .places import address_in_words, communes, provinces
from .prefilling import Prefilled, prefill
from .progress import completeness
from .sealing import join, split
from .validating import validate
from .workbook import Column, Sheet, choices_of, workbook

__all__ = [
    "MAY_WAIT",
    "Candidate",
    "Catalogue",
    "CellIssue",
    "Code",
    "CodeList",
    "Column",
    "Content",
    "Field",
    "FieldChange",
    "FieldIssue",
    "Foretold",
    "Gathered",
    "PartialDate",
    "Prefilled",
    "Sheet",
    "address_in_words",
    "canonical",
    "carry_over",
    "catalogue",
    "cells_of",
    "choices_of",
    "code_list",
    "communes",
    "completeness",
    "diff",
    "digest",
    "foretold",
    "gather",
    "guarded",
    "join",
    "judge",
    "normalise",
    "owned_by",
    "prefill",
    "provinces",
    "read_header",
    "read_row",
    "retirement_on",
    "split",
    "tidy",
    "validate",
    "workbook",
]
