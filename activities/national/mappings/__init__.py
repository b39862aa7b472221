"""Mappings from our form to the packet of the other side: data, replaceable without touching code."""

from activities.national.mappings.dated import Mappings, load_mappings
from activities.national.mappings.lines import MappingError
from activities.national.mappings.loader import load_mapping
from activities.national.mappings.mapping import Mapping, ValueRefusedError

__all__ = ["Mapping", "MappingError", "Mappings", "ValueRefusedError", "load_mapping", "load_mappings"]
