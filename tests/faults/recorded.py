"""What the record of a run tells of pulses."""


def recorded_pulses(run):
    """Pulses that the rows of a record tell of: a read after another number of pulses than the one before."""
    count = 0
    for name in ("FormingRead", "VerifyRead"):
        if name not in run.tables:
            continue
        columns = run.tables[name].columns
        keys = list(zip(columns["word"], columns["bit"], columns["pulses"], strict=True))
        previous = [None, *keys[:-1]]
        count += sum(key[2] > 0 and key != before for key, before in zip(keys, previous, strict=True))
    return count


def formed_again(run, formed, first_row=0):
    """Cells of `formed` (M, N) that got a forming pulse in the rows from `first_row` on; a read alone is none."""
    if "FormingRead" not in run.tables:
        return []
    columns = run.tables["FormingRead"].columns
    given, again = {}, []
    for number, (word, bit, pulses) in enumerate(
        zip(columns["word"], columns["bit"], columns["pulses"], strict=True)
    ):
        if number >= first_row and pulses > given.get((word, bit), 0) and formed[word, bit]:
            again.append((word, bit))
        given[word, bit] = pulses
    return again
