"""The seam through which `hoso law coverage --prove` alters one rule in memory and watches tests fail.

An alteration is honoured only when HOSO_LAW_PROVING=1 stands beside it; a process that serves people sets
neither. HOSO_LAW_ALTERATION is JSON: {"rule": id, "removed": true} or {"rule": id, "changes": {field: new}}.
This is the one place of the pure packages that reads the environment.
"""

import json
import os

from models.regulations.ruleset import RuleSet

SWITCH = "HOSO_LAW_PROVING"
ALTERATION = "HOSO_LAW_ALTERATION"


def altered(rules: RuleSet) -> RuleSet:
    """The rule set itself, or the one with the alteration asked for."""
    if os.environ.get(SWITCH) != "1":
        return rules
    alteration = json.loads(os.environ.get(ALTERATION) or "null")
    if alteration is None or all(rule.id != alteration["rule"] for rule in rules.rules):
        return rules
    if alteration.get("removed"):
        return rules.without(alteration["rule"])
    return rules.replace(alteration["rule"], **alteration["changes"])
