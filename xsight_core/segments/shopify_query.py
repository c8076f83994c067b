"""Shopify's segment query language: its grammar as a tree, the parser and the printer.

    query  := and ("OR" and)*                       and := one ("AND" one)*
    one    := "(" query ")" | clause
    clause := NAME comparison value | NAME ["NOT"] "IN" list | NAME ["NOT"] "CONTAINS" text
            | NAME "BETWEEN" value "AND" value | NAME "IS" ["NOT"] "NULL"
            | NAME ["NOT"] "MATCHES" "(" [clause ("," clause)*] ")"

Read as well: functions as they were written before ``MATCHES``, named days such as ``30_days_ago``, ``NOT_CONTAINS``,
and the whole ``FROM customers SHOW … WHERE …`` of the admin's editor. Written is the present form only.
Source: shopify.dev, "Segment query language reference".
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NoReturn

from xsight_core.errors import InvalidInput

__all__ = [
    "Clause",
    "Function",
    "InvalidQuery",
    "Joined",
    "Offset",
    "Query",
    "Value",
    "parse",
    "show",
]


class InvalidQuery(InvalidInput):
    """A query that cannot be read, or not answered; ``attribute`` is the one at fault, if it is one."""

    code = "invalid_query"

    def __init__(self, message: str, attribute: str = "") -> None:
        super().__init__("query", message)
        self.attribute = attribute


@dataclass(frozen=True)
class Offset:
    """A day told from today: ``-7d``, ``+1m``, ``today``, ``yesterday``."""

    text: str


Value = str | int | Decimal | date | datetime | Offset | bool


@dataclass(frozen=True)
class Clause:
    """An attribute (or a function's parameter), what is asked of it, and the values."""

    name: str
    operator: str  # = != < <= > >= BETWEEN IN CONTAINS NULL, or NOT before one of the last three
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Function:
    """``name MATCHES (parameters)``."""

    name: str
    parameters: tuple[Clause, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Joined:
    """Two parts or more joined by one word; no part is joined by the same word itself."""

    word: str  # AND | OR
    parts: "tuple[Query, ...]"


Query = Clause | Function | Joined

_TOKEN: Final = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<moment>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?![\w-]))
    |(?P<day>\d{4}-\d{2}-\d{2}(?![\w-]))
    |(?P<ago>(?:7|30|90)_days_ago|12_months_ago)(?!\w)
    |(?P<offset>[+-]\s?\d{1,5}\s?[dwmy](?!\w))
    |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)
    |(?P<sign><=|>=|!=|=|<|>|\(|\)|,|:)""",
    re.VERBOSE | re.DOTALL,
)
_AGO: Final = {
    "7_days_ago": "-7d",
    "30_days_ago": "-30d",
    "90_days_ago": "-90d",
    "12_months_ago": "-12m",
}
_COMPARISONS: Final = ("<=", ">=", "!=", "=", "<", ">")
_OLD_WORDS: Final = {"NOT_CONTAINS": "CONTAINS", "NOT_MATCHES": "MATCHES", "NOT_IN": "IN"}
_MOST_CHARACTERS: Final = 20_000
_MOST_DEPTH: Final = 50
_WHOLE: Final = re.compile(
    r"\s*FROM\s+customers\b.*?\bWHERE\b(?P<where>.*?)(?:\bORDER\s+BY\b[^']*)?\s*$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Query:
    """The tree of a query; ``InvalidQuery`` names line and column."""
    if len(text) > _MOST_CHARACTERS:
        raise InvalidQuery(f"A query has at most {_MOST_CHARACTERS:,} characters.")
    whole = _WHOLE.match(text)
    return _Parser(whole["where"] if whole else text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.position, self.depth = text, 0, 0
        self.tokens: list[_Token] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                self.fail(at, f"{text[at]!r} is unexpected.")
            if found.lastgroup != "skip":
                self.tokens.append(_Token(found.lastgroup, found[0], at))
            at = found.end()
        self.tokens.append(_Token("end", "the end", len(text)))

    def fail(self, at: int, message: str) -> NoReturn:
        before = self.text[:at]
        line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
        raise InvalidQuery(f"Line {line}, column {column}: {message}")

    # ---------------------------------------------------------------- tokens
    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def take(self) -> _Token:
        token = self.next
        self.position += token.kind != "end"
        return token

    def word(self, *words: str) -> str | None:
        """The keyword, if it is next."""
        if self.next.kind == "name" and self.next.text.upper() in words:
            return self.take().text.upper()
        return None

    def sign(self, *signs: str) -> str | None:
        if self.next.kind == "sign" and self.next.text in signs:
            return self.take().text
        return None

    def expect(self, sign: str) -> None:
        if self.sign(sign) is None:
            self.fail(self.next.at, f"{sign} is expected, not {self.next.text}.")

    # ---------------------------------------------------------------- grammar
    def whole(self) -> Query:
        if self.next.kind == "end":
            self.fail(0, "The query is empty.")
        query = self.joined("OR")
        if self.next.kind != "end":
            self.fail(self.next.at, f"{self.next.text!r} is unexpected.")
        return query

    def joined(self, word: str) -> Query:
        parts = [self.joined("AND") if word == "OR" else self.one()]
        while self.word(word):
            parts.append(self.joined("AND") if word == "OR" else self.one())
        return join(word, parts)

    def one(self) -> Query:
        if self.sign("("):
            self.depth += 1
            if self.depth > _MOST_DEPTH:
                self.fail(self.next.at, "Parentheses nest too deep.")
            inner = self.joined("OR")
            self.expect(")")
            self.depth -= 1
            return inner
        return self.clause()

    def clause(self) -> Clause | Function:
        token = self.take()
        if token.kind != "name":
            self.fail(token.at, f"An attribute is expected, not {token.text}.")
        name = token.text
        if self.next.text == "(":
            return self.old_function(name)
        negated = self.word("NOT") is not None
        word = self.word("IN", "CONTAINS", "MATCHES", "BETWEEN", "IS", *_OLD_WORDS)
        if word in _OLD_WORDS:
            negated, word = True, _OLD_WORDS[word]
        if word == "MATCHES":
            return Function(name, self.parameters(), negated)
        return self.asked(name, word, negated=negated)

    def asked(self, name: str, word: str | None, *, negated: bool) -> Clause:
        no = "NOT " if negated else ""
        match word:
            case "IN":
                return Clause(name, f"{no}IN", self.values())
            case "CONTAINS":
                return Clause(name, f"{no}CONTAINS", (self.value(),))
            case "BETWEEN" if not negated:
                low = self.value()
                if not self.word("AND"):
                    self.fail(self.next.at, "BETWEEN takes two values: BETWEEN … AND ….")
                return Clause(name, "BETWEEN", (low, self.value()))
            case "IS" if not negated:
                negated = self.word("NOT") is not None
                if not self.word("NULL"):
                    self.fail(self.next.at, "NULL or NOT NULL is expected.")
                return Clause(name, "NOT NULL" if negated else "NULL")
            case _:
                sign = None if negated else self.sign(*_COMPARISONS)
                if sign is None:
                    self.fail(self.next.at, f"An operator is expected, not {self.next.text}.")
                return Clause(name, sign, (self.value(),))

    def parameters(self) -> tuple[Clause, ...]:
        """Each one once."""
        self.expect("(")
        found: list[Clause] = []
        while not self.sign(")"):
            if found:
                self.expect(",")
            at = self.next.at
            one = self.clause()
            if isinstance(one, Function):
                self.fail(at, "A parameter is not a function.")
            self.once(found, one, at)
        return tuple(found)

    def once(self, found: list[Clause], one: Clause, at: int) -> None:
        if any(other.name == one.name for other in found):
            self.fail(at, f"The parameter {one.name} is given twice.")
        found.append(one)

    def old_function(self, name: str) -> Function | Clause:
        """``name(id: 1, date: > -3m) = true``; for an anniversary ``anniversary('key') = today``."""
        self.expect("(")
        if self.next.kind == "text":
            key = self.value()
            self.expect(")")
            asked = self.asked(name, self.word("BETWEEN"), negated=False)
            return Clause(f"{name}('{key}')", asked.operator, asked.values)
        found: list[Clause] = []
        while not self.sign(")"):
            if found:
                self.expect(",")
            token = self.take()
            if token.kind != "name":
                self.fail(token.at, f"A parameter is expected, not {token.text}.")
            self.expect(":")
            self.once(found, self.old_parameter(token.text), token.at)
        if name == "anniversary":
            asked = self.asked(name, self.word("BETWEEN"), negated=False)
            return Clause(f"{name}()", asked.operator, asked.values)
        sign = self.sign("=", "!=")
        truth = self.word("TRUE", "FALSE")
        if sign is None or truth is None:
            self.fail(self.next.at, "= true or = false is expected.")
        return Function(name, tuple(found), negated=(sign == "=") == (truth == "FALSE"))

    def old_parameter(self, name: str) -> Clause:
        if self.next.text == "(":
            return Clause(name, "IN", self.values())
        if self.next.kind == "sign" or self.next.text.upper() == "BETWEEN":
            return self.asked(name, self.word("BETWEEN"), negated=False)
        return Clause(name, "=", (self.value(),))

    def values(self) -> tuple[Value, ...]:
        self.expect("(")
        found = [self.value()]
        while self.sign(","):
            found.append(self.value())
        self.expect(")")
        return tuple(found)

    def value(self) -> Value:  # noqa: PLR0911, RET503 - one answer a kind of token; `fail` never returns
        token = self.take()
        match token.kind:
            case "text":
                return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
            case "number":
                return Decimal(token.text) if "." in token.text else int(token.text)
            case "offset":
                return Offset(re.sub(r"\s", "", token.text))
            case "ago":
                return Offset(_AGO[token.text])
            case "day" | "moment":
                return self.calendar(token)
            case "name" if token.text.lower() in {"today", "yesterday"}:
                return Offset(token.text.lower())
            case "name" if token.text.lower() in {"true", "false"}:
                return token.text.lower() == "true"
            case _:
                self.fail(token.at, f"A value is expected, not {token.text}.")

    def calendar(self, token: _Token) -> date:
        try:
            kind = date if token.kind == "day" else datetime
            return kind.fromisoformat(token.text)
        except ValueError:
            self.fail(token.at, f"There is no {token.text}.")


def join(word: str, parts: "list[Query]") -> Query:
    """Parts joined; those joined by the same word become parts themselves."""
    flat: list[Query] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Joined) and part.word == word else [part])
    return flat[0] if len(flat) == 1 else Joined(word, tuple(flat))


def show(query: Query) -> str:
    """The query as text; reading it gives the same tree."""
    match query:
        case Joined():
            shown = [f"({show(p)})" if isinstance(p, Joined) else show(p) for p in query.parts]
            return f" {query.word} ".join(shown)
        case Function():
            inner = ", ".join(show(parameter) for parameter in query.parameters)
            return f"{query.name} {'NOT ' * query.negated}MATCHES ({inner})"
        case Clause():
            return _clause(query)


def _clause(clause: Clause) -> str:
    values = [_value(value) for value in clause.values]
    match clause.operator:
        case "NULL" | "NOT NULL":
            return f"{clause.name} IS {clause.operator}"
        case "BETWEEN":
            return f"{clause.name} BETWEEN {values[0]} AND {values[1]}"
        case "IN" | "NOT IN":
            return f"{clause.name} {clause.operator} ({', '.join(values)})"
        case _:
            return f"{clause.name} {clause.operator} {values[0]}"


def _value(value: Value) -> str:  # noqa: PLR0911 - one answer a type
    match value:
        case Offset():
            return value.text
        case bool():
            return "true" if value else "false"
        case str():
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
