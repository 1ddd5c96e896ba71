"""Lets a model say every sentence of this folder, and prints how many false ones reach the shopper and how many true
ones do not.

    python -m tests.evaluation.claims [--language en] [--kind KIND] [--list]

Every third sentence of a group is unseen, and all of the second files: rules are tuned on the others. `--list` prints
those that went wrong, `--unseen` the unseen ones among them too. Exits with 0 whatever the result.
"""

import argparse
import asyncio
from collections import Counter

from tests.evaluation.claims.data import CRITICAL, Part, Sentence, ask_demo, demo_tools, list_sentences
from tests.evaluation.claims.facts import has_fact
from tests.evaluation.claims.scripted import SayingModel, answer_with, has_said


class Result:
    """What came of one sentence."""

    def __init__(
        self, sentence: Sentence, answer: str, notes: list[str], *, is_said: bool, has_fact: bool = False
    ) -> None:
        self.sentence, self.answer, self.notes, self.is_said = sentence, answer, notes, is_said
        self.has_fact = is_said or has_fact

    @property
    def is_wrong(self) -> bool:
        """Whether a false sentence reached the shopper, or a true one did not."""
        return self.is_said is not self.sentence.is_true


async def measure(sentences: list[Sentence]) -> list[Result]:
    """Each sentence as the whole answer of a model."""
    results, tools = [], demo_tools()
    for sentence in sentences:
        asked = ask_demo(sentence.question, sentence.language)
        transcript = await answer_with(SayingModel(sentence.text), asked, tools)
        is_said = has_said(transcript, sentence.text)
        is_held = sentence.is_true and not is_said
        has = is_held and await has_fact(sentence.text, sentence.language, transcript.text)
        results.append(Result(sentence, transcript.text, transcript.notes, is_said=is_said, has_fact=has))
    return results


def report(results: list[Result]) -> None:
    """The table."""
    counts: Counter[tuple[str, str]] = Counter()
    for each in results:
        row = f"{'true' if each.sentence.is_true else 'false'}: {each.sentence.kind}"
        part = each.sentence.part
        for name in (row, "all true" if each.sentence.is_true else "all false", each.sentence.language):
            name = f"{name} {'true' if each.sentence.is_true else 'false'}" if len(name) == 2 else name
            counts[name, part] += 1
            counts[name, f"{part} wrong"] += each.is_wrong
    print(f"{'':45}" + "".join(f"{part:>12}" for part in Part) + "   (wrong / of all)")
    lost = Counter(each.sentence.part for each in results if each.sentence.is_true and not each.has_fact)
    print(f"{'true facts that did not reach the shopper':45}" + "".join(f"{lost[part]:>12}" for part in Part))
    for name in dict.fromkeys(name for name, _ in counts):
        mark = " !" if name.removeprefix("false: ") in CRITICAL else ""
        cells = (f"{counts[name, f'{part} wrong']}/{counts[name, part]}" for part in Part)
        print(f"{name + mark:45}" + "".join(f"{cell:>12}" for cell in cells))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language")
    parser.add_argument("--kind")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--unseen", action="store_true")
    given = parser.parse_args()
    sentences = [
        each for each in list_sentences() if given.language in (None, each.language) and given.kind in (None, each.kind)
    ]
    results = asyncio.run(measure(sentences))
    for each in results if given.list else ():
        if each.is_wrong and (given.unseen or each.sentence.part is Part.TUNED):
            label = "HELD" if each.sentence.is_true else "REACHED"
            label += " but its fact is said" if each.sentence.is_true and each.has_fact else ""
            print(f"{label} [{each.sentence.kind}] {each.sentence.text}\n      {' | '.join(each.notes)}")
    report(results)


if __name__ == "__main__":
    main()
