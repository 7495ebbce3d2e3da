"""How Chinese text is searched in the site."""

from __future__ import annotations

import re

from sphinx.search.en import SearchEnglish


class Bigrams(SearchEnglish):
    """Search of Chinese by pairs of characters; Latin words as in English.

    Chinese has no spaces, and a dictionary does not know the words of this trade. Each run of Chinese is cut into its pairs of
    neighbours, in the pages and in what is typed: a page is found when it holds all pairs of the phrase.
    """

    lang = "zh"
    language_name = "English"  # names the stemmer in the page
    runs = re.compile(r"[\u4e00-\u9fff]+|[a-zA-Z0-9_]+")
    js_splitter_code = """
function splitQuery(query) {
    const runs = query.match(/[\\u4e00-\\u9fff]+|[a-zA-Z0-9_]+/g) || [];
    return runs.flatMap((run) => {
        if (!/[\\u4e00-\\u9fff]/.test(run)) return run.length > 1 ? [run] : [];
        if (run.length === 1) return [run];
        return Array.from({length: run.length - 1}, (_, at) => run.slice(at, at + 2));
    });
}
"""

    def split(self, text: str) -> list[str]:
        """Return the Latin words and the pairs of Chinese characters of a text, with single characters for one-character queries."""
        found = []
        for run in self.runs.findall(text):
            found += [run[at : at + 2] for at in range(max(len(run) - 1, 1))] if run[0] >= "\u4e00" else [run]
        return found

    def word_filter(self, word: str) -> bool:
        """Keep pairs and words, not single Latin letters."""
        return len(word) > 1 and super().word_filter(word)
