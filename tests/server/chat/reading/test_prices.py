"""Price limits in twelve languages: words before and behind the figure, ranges, signs, figures of something else."""

import time

import pytest

from server.chat.answering.reading.prices import read_prices
from server.languages.words import language


@pytest.mark.parametrize(
    ("code", "text", "low", "high"),
    [
        ("en", "tents under $50", None, 5000),
        ("en", "less than 100", None, 10000),
        ("en", "max 30 please", None, 3000),
        ("en", "between 20 and 40 euros", 2000, 4000),
        ("en", "$20-40", 2000, 4000),
        ("en", "over 100 dollars", 10000, None),
        ("en", "at least $19.99", 1999, None),
        ("en", "up to $1,299", None, 129900),
        ("en", "$50 or less", None, 5000),
        ("en", "around $100", 7500, 12500),
        ("en", "under 30 inches", None, None),
        ("en", "less than 5 kg", None, None),
        ("en", "under 2 years", None, None),
        ("en", "a tent for 2", None, None),
        ("en", "under fifty dollars", None, 5000),
        ("en", "size 38 - 40", None, None),
        ("en", "from 2 to 4 people", None, None),
        ("en", "more than 20 but less than 60 dollars", 2000, 6000),
        ("de", "unter 50 Euro", None, 5000),
        ("de", "zwischen 20 und 40 €", 2000, 4000),
        ("de", "bis zu 1.299,90 €", None, 129990),
        ("de", "unter fünfzig Euro", None, 5000),
        ("de", "50 Euro maximal", None, 5000),
        ("de", "ab 30€", 3000, None),
        ("de", "unter 2 kg", None, None),
        ("de", "um die 100 euro", 7500, 12500),
        ("fr", "moins de 50 €", None, 5000),
        ("fr", "entre 20 et 40 euros", 2000, 4000),
        ("fr", "50 euros maximum", None, 5000),
        ("fr", "jusqu'à 80 euros", None, 8000),
        ("fr", "plus de 100 €", 10000, None),
        ("es", "menos de 30 euros", None, 3000),
        ("es", "entre 20 y 40 euros", 2000, 4000),
        ("es", "30 euros como máximo", None, 3000),
        ("es", "más de 1.000 €", 100000, None),
        ("it", "sotto i 50 euro", None, 5000),
        ("it", "tra 20 e 40 euro", 2000, 4000),
        ("it", "tra i 20 e i 40 euro", 2000, 4000),
        ("it", "50 euro al massimo", None, 5000),
        ("it", "sui 100 euro", 7500, 12500),
        ("pt", "até 50 reais", None, 5000),
        ("pt", "entre 20 e 40 euros", 2000, 4000),
        ("pt", "acima de R$ 100", 10000, None),
        ("pt", "no máximo 30€", None, 3000),
        ("nl", "onder de 50 euro", None, 5000),
        ("nl", "tussen 20 en 40 euro", 2000, 4000),
        ("nl", "50 euro of minder", None, 5000),
        ("nl", "vanaf €30", 3000, None),
        ("pl", "do 100 zł", None, 10000),
        ("pl", "od 20 do 40 zł", 2000, 4000),
        ("pl", "poniżej 50 złotych", None, 5000),
        ("pl", "powyżej 200zł", 20000, None),
        ("pl", "tańsze niż 50 zł", None, 5000),
        ("sv", "under 500 kr", None, 50000),
        ("sv", "mellan 200 och 400 kronor", 20000, 40000),
        ("sv", "högst 300:-", None, 30000),
        ("sv", "från 100 kr", 10000, None),
        ("tr", "500 tl altı", None, 50000),
        ("tr", "500 TL'ye kadar", None, 50000),
        ("tr", "500 liradan ucuz", None, 50000),
        ("tr", "200 ile 400 TL arası", 20000, 40000),
        ("tr", "500 tl üstü 1000 tl altı", 50000, 100000),
        ("tr", "500'den az", None, 50000),
        ("tr", "en fazla 300 lira", None, 30000),
        ("tr", "5 bin tl altında", None, 500000),
        ("tr", "100 tl civarı", 7500, 12500),
        ("ar", "أقل من 100 ريال", None, 10000),
        ("ar", "تحت ٥٠ درهم", None, 5000),
        ("ar", "بين 50 و 100 ريال", 5000, 10000),
        ("ar", "بين 50 و100 جنيه", 5000, 10000),
        ("ar", "اكثر من 200 دولار", 20000, None),
        ("ar", "من 50 الى 100 ريال", 5000, 10000),
        ("ja", "5000円以下", None, 5000),
        ("ja", "3000円から5000円", 3000, 5000),
        ("ja", "3000〜5000円", 3000, 5000),
        ("ja", "1万円以内", None, 10000),
        ("ja", "予算5000円で", None, 5000),
        ("ja", "3,000円以上", 3000, None),
        ("ja", "約5000円", 3750, 6250),
        ("ja", "5000円くらいの", 3750, 6250),
        ("ja", "3000円以上5000円以下", 3000, 5000),
        ("ja", "2人用のテント", None, None),
        ("ja", "5kg以下", None, None),
        ("ja", "５０００円まで", None, 5000),
    ],
)
def test_price_limits(code: str, text: str, low: int | None, high: int | None) -> None:
    words = language(code)
    limits = read_prices(words.normalise(text), words, "JPY" if code == "ja" else "EUR")
    assert (limits.low, limits.high) == (low, high)


@pytest.mark.parametrize(
    ("code", "text", "rest"),
    [
        ("en", "tents under $300 in blue", "tents in blue"),
        ("de", "zelte zwischen 20 und 40 euro", "zelte"),
        ("tr", "500 tl alti cadir", "cadir"),
        ("ja", "5000円以下のテント", "のテント"),
    ],
)
def test_what_says_a_price_is_no_part_of_the_wish(code: str, text: str, rest: str) -> None:
    said = read_prices(text, language(code), "EUR").rest
    words = said.split()
    assert [word for word in words if word not in ("between", "zwischen")] == rest.split()


def test_a_price_that_is_named_only_is_no_limit() -> None:
    limits = read_prices("is the 50 euro tent good", language("en"), "EUR")
    assert (limits.low, limits.high) == (None, None)


def test_a_currency_without_cents() -> None:
    assert read_prices("under ¥5000", language("en"), "JPY").high == 5000


@pytest.mark.parametrize("unit", ["$1-", "1 ", "under ", "1,", "zwischen 1 und ", "以下1円"])
def test_reading_takes_time_in_proportion(unit: str) -> None:
    text = unit * (2_000 // len(unit))
    started = time.process_time()
    read_prices(text, language("en"), "EUR")
    assert time.process_time() - started < 0.5
