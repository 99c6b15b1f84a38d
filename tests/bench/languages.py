"""The instruments' languages as the judge reads them: what is not understood whole cannot be judged, and is accused.

One vocabulary per language. What a driver begins to say anew is added here, by somebody who knows what it does.
"""

import re

READ = (
    r"smu[ab]\.(source|measure)\.\w+(\(\))?|smu[ab]\.sense|errorqueue\.count|errorqueue\.next\(\)|digio\.readbit\(\d+\)"
    r'|channel\.getclose\("[^"]*"\)|channel\.connectrule|channel\.BREAK_BEFORE_MAKE|current|limited|0'
)
ASKED = re.compile(rf"({READ})|({READ}) ~= 0 and ({READ}) or ({READ})")
"""What a TSP message prints: nothing that sets anything."""
ORDERED = re.compile(
    r"smu[ab]\.(source\.\w+|measure\.(rangei|nplc)|sense) *= *[^\s=;]+"
    r"|smu[ab]\.reset\(\)"
    r'|channel\.(open|close)\("[^"]*"\)|channel\.connectrule = channel\.BREAK_BEFORE_MAKE'
    r"|digio\.writebit\(\d+, *[01]\)|delay\([\d.e-]+\)"
    r"|errorqueue\.clear\(\)|format\.data = format\.ASCII|format\.asciiprecision = \d+"
    rf"|local current, limited = ({READ}), ({READ})"
)
"""What a TSP message does; the judge follows the levels, outputs, limits and relays in it."""
WHOLE = re.compile(r"abort|\*IDN\?|\*CLS")
LAKESHORE = re.compile(
    r"\*IDN\?|\*ESR\?|(RDGST|KRDG)\? [A-D]|(SETP|RANGE)\? [12]"
    r"|OUTMODE [12],1,[1-4],0|SETP [12],\d+(\.\d+)?|RANGE [12],[0-3]"
)
VELOX = re.compile(
    r"\*IDN\?|ReportSoftwareVersion|EchoData labctl-\d+|IsAppRegistered WaferMap|Read(ChuckStatus|MapPosition2)"
    r"|ReadChuckPosition Y D|StepFirstDie|StepNextDie( -?\d+ -?\d+)?|MoveChuck(Contact|Separation) \d+"
    r"|MoveChuckSubsite -?[\d.]+ -?[\d.]+ Y \d+"
)


def not_understood(driver, text):
    """The part of a message to an instrument of this driver that no vocabulary has; empty when all of it is known."""
    text = text.strip()
    if not driver.startswith("keithley"):
        known = {"lakeshore336": LAKESHORE, "velox": VELOX}.get(driver)
        return "" if known is not None and known.fullmatch(text) else text
    if WHOLE.fullmatch(text):
        return ""
    orders, _, question = text.partition("print(")
    left = " ".join(ORDERED.sub(" ", orders).split())
    if left or not question:
        return left
    if not question.endswith(")"):
        return question
    return ", ".join(each for each in split(question[:-1]) if not ASKED.fullmatch(each))


def split(expressions):
    """The arguments of a print, at the commas that stand in no bracket and no string."""
    found, depth, quoted, start = [], 0, False, 0
    for place, sign in enumerate(expressions):
        quoted ^= sign == '"'
        if not quoted:
            depth += (sign in "([{") - (sign in ")]}")
            if sign == "," and depth == 0:
                found.append(expressions[start:place].strip())
                start = place + 1
    return [*found, expressions[start:].strip()]
