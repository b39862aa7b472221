"""The form: what an official declares, as a versioned catalogue with all that is needed to judge it. Pure."""

from .carrying import carry
from .cells import CellIssue, read_header, read_row
from .choosing import form_named, forms
from .codes import Code, CodeList, Edition, code_list, list_names, list_of, lists_version, reading, use_lists
from .dates import PartialDate
from .differences import FieldChange, diff
from .exporting import cells_of, guarded
from .fields import Catalogue, Field, catalogue
from .foretelling import Foretold, foretold, retirement_on
from .gathering import Candidate, Gathered, cell_at, gather, judge
from .issues import MAY_WAIT, FieldIssue
from .meaning import coded, decided_by, put_meanings
from .normal import Content, canonical, digest, digest_of_tidy, normalise, tidy
from .ownership import carry_over, owned_by
from .places import address_in_words, communes, provinces
from .prefilling import Prefilled, prefill
from .progress import completeness
from .restricting import Level, level_of, levels, may_know, visible, withheld, withhold
from .restricting import top as top_level
from .sealing import join, open_fields, split
from .suggesting import Suggestion, suggest
from .validating import validate
from .workbook import Column, Sheet, choices_of, people_of, workbook

__all__ = [
    "MAY_WAIT",
    "Candidate",
    "Catalogue",
    "CellIssue",
    "Code",
    "CodeList",
    "Column",
    "Content",
    "Edition",
    "Field",
    "FieldChange",
    "FieldIssue",
    "Foretold",
    "Gathered",
    "Level",
    "PartialDate",
    "Prefilled",
    "Sheet",
    "Suggestion",
    "address_in_words",
    "canonical",
    "carry",
    "carry_over",
    "catalogue",
    "cell_at",
    "cells_of",
    "choices_of",
    "code_list",
    "coded",
    "communes",
    "completeness",
    "decided_by",
    "diff",
    "digest",
    "digest_of_tidy",
    "foretold",
    "form_named",
    "forms",
    "gather",
    "guarded",
    "join",
    "judge",
    "level_of",
    "levels",
    "list_names",
    "list_of",
    "lists_version",
    "may_know",
    "normalise",
    "open_fields",
    "owned_by",
    "people_of",
    "prefill",
    "provinces",
    "put_meanings",
    "read_header",
    "read_row",
    "reading",
    "retirement_on",
    "split",
    "suggest",
    "tidy",
    "top_level",
    "use_lists",
    "validate",
    "visible",
    "withheld",
    "withhold",
    "workbook",
]
