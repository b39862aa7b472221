"""The form: what an official declares, as a versioned catalogue with all that is needed to judge it. Pure."""

from .codes import Code, CodeList, code_list
from .dates import PartialDate
from .differences import FieldChange, diff
from .fields import Catalogue, Field, catalogue
from .foretelling import Foretold, foretold, retirement_on
from .issues import FieldIssue
from .normal import Content, canonical, digest, normalise, tidy
from .ownership import carry_over, owned_by
from .places import address_in_words, communes, provinces
from .progress import completeness
from .sealing import join, split
from .validating import validate

__all__ = [
    "Catalogue",
    "Code",
    "CodeList",
    "Content",
    "Field",
    "FieldChange",
    "FieldIssue",
    "Foretold",
    "PartialDate",
    "address_in_words",
    "canonical",
    "carry_over",
    "catalogue",
    "code_list",
    "communes",
    "completeness",
    "diff",
    "digest",
    "foretold",
    "join",
    "normalise",
    "owned_by",
    "provinces",
    "retirement_on",
    "split",
    "tidy",
    "validate",
]
