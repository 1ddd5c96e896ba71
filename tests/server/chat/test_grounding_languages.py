"""Figures in twelve languages: what a source says may be said in any of them, and nothing else."""

from datetime import date

import pytest

from integrations.platform import Money
from server.chat.answering.grounding import Grounder
from server.chat.answering.grounding.quantities import read_quantities
from server.chat.languages.figures import load_figures
from server.chat.models import Source

TODAY = date(2026, 4, 20)

SOURCES = {
    "en": (
        "Returns within 30 days. Shipping costs 1,299.00 SEK and takes 2 to 3 business days. It weighs 1.5 "
        "kg. You save 15 %. The sale ends on 3 May. 5 pieces are in stock. Open Monday to Friday from 10:30. "
        "The warranty is one year."
    ),
    "de": (
        "Rückgabe innerhalb von 30 Tagen. Der Versand kostet 1.299,00 SEK und dauert 2 bis 3 Werktage. Es "
        "wiegt 1,5 kg. Sie sparen 15 %. Die Aktion endet am 3. Mai. 5 Stück auf Lager. Montag bis Freitag ab "
        "10.30 Uhr. Ein Jahr Garantie."
    ),
    "fr": (
        "Retour sous 30 jours. La livraison coûte 1 299,00 SEK et prend 2 à 3 jours ouvrés. Il pèse 1,5 kg. "
        "Remise de 15 %. L'offre se termine le 3 mai. 5 pièces en stock. Du lundi au vendredi dès 10h30. "
        "Garantie d'un an."
    ),
    "es": (
        "Devolución en 30 días. El envío cuesta 1.299,00 SEK y tarda de 2 a 3 días hábiles. Pesa 1,5 kg. Un "
        "15 % de descuento. La oferta termina el 3 de mayo. 5 unidades en stock. De lunes a viernes desde "
        "las 10:30. Garantía de un año."
    ),
    "it": (
        "Reso entro 30 giorni. La spedizione costa 1.299,00 SEK e richiede da 2 a 3 giorni lavorativi. Pesa "
        "1,5 kg. Sconto del 15 %. L'offerta termina il 3 maggio. 5 pezzi disponibili. Da lunedì a venerdì "
        "dalle ore 10.30. Garanzia di un anno."
    ),
    "pt": (
        "Devolução em 30 dias. O envio custa 1.299,00 SEK e demora 2 a 3 dias úteis. Pesa 1,5 kg. Desconto "
        "de 15 %. A promoção termina a 3 de maio. 5 unidades em stock. De segunda-feira a sexta-feira a "
        "partir das 10h30. Garantia de um ano."
    ),
    "nl": (
        "Retour binnen 30 dagen. Verzending kost 1.299,00 SEK en duurt 2 tot 3 werkdagen. Het weegt 1,5 kg. "
        "15 % korting. De actie eindigt op 3 mei. 5 stuks op voorraad. Maandag tot vrijdag vanaf 10.30 uur. "
        "Garantie van één jaar."
    ),
    "pl": (
        "Zwrot w ciągu 30 dni. Wysyłka kosztuje 1 299,00 SEK i trwa od 2 do 3 dni roboczych. Waży 1,5 kg. "
        "Rabat 15 %. Promocja kończy się 3 maja. 5 sztuk w magazynie. Od poniedziałku do piątku od godz. "
        "10.30. Gwarancja na jeden rok."
    ),
    "sv": (
        "Retur inom 30 dagar. Frakten kostar 1 299 kr och tar 2 till 3 arbetsdagar. Den väger 1,5 kg. 15 % "
        "rabatt. Erbjudandet slutar den 3 maj. 5 st i lager. Måndag till fredag från kl. 10.30. Garanti i "
        "ett år."
    ),
    "tr": (
        "30 gün içinde iade. Kargo 1.299,00 SEK ve 2-3 iş günü sürer. Ağırlığı 1,5 kg. %15 indirim. Kampanya "
        "3 Mayıs'ta bitiyor. Stokta 5 adet var. Pazartesi ve cuma günleri saat 10.30'da açılır. Bir yıl "
        "garanti."
    ),
    "ar": (
        "الإرجاع خلال ٣٠ يومًا. الشحن يكلف ١٬٢٩٩٫٠٠ SEK ويستغرق من 2 إلى 3 أيام عمل. الوزن ١٫٥ كجم. خصم ١٥٪. "
        "ينتهي العرض في ٣ مايو. 5 قطع في المخزون. من الاثنين إلى الجمعة الساعة 10:30. ضمان سنة واحدة."
    ),
    "ja": (
        "返品は30日以内です。送料は1,299.00 SEKで、2〜3営業日かかります。重さは1.5キロです。"
        "15パーセント割引。セールは5月3日まで。在庫は5個あります。月曜日から金曜日まで、10時30分から。"
        "保証は1年です。"
    ),
}

SAID = {
    "en": {
        "money": ("It costs 1,299 kr.", "It costs 1,399 kr."),
        "duration": ("You have thirty days.", "You have forty days."),
        "workdays": ("It takes 3 business days.", "It takes 4 business days."),
        "measure": ("It weighs 1,500 grams.", "It weighs 1,600 grams."),
        "percent": ("You save fifteen percent.", "You save sixteen percent."),
        "date": ("It ends on May 3rd.", "It ends on May 4th."),
        "count": ("There are five pieces.", "There are six pieces."),
        "time": ("We open at 10:30 am.", "We open at 10:30 pm."),
        "weekday": ("Open on Friday.", "Open on Sunday."),
        "one": ("The warranty is 12 months.", "The warranty is 18 months."),
    },
    "de": {
        "money": ("Das kostet 1.299 Kronen.", "Das kostet 1.399 Kronen."),
        "duration": ("Sie haben dreißig Tage.", "Sie haben vierzig Tage."),
        "workdays": ("Das dauert drei Werktage.", "Das dauert vier Werktage."),
        "measure": ("Es wiegt 1500 Gramm.", "Es wiegt 1600 Gramm."),
        "percent": ("Sie sparen fünfzehn Prozent.", "Sie sparen fünfundzwanzig Prozent."),
        "date": ("Bis zum 3. Mai.", "Bis zum 4. Mai."),
        "count": ("Fünf Stück sind da.", "Sechs Stück sind da."),
        "time": ("Ab 10:30 Uhr.", "Ab 11 Uhr."),
        "weekday": ("Montags ist offen.", "Sonntags ist offen."),
        "one": ("Zwölf Monate Garantie.", "Zwei Jahre Garantie."),
    },
    "fr": {
        "money": ("Cela coûte 1 299 kr.", "Cela coûte 1 399 kr."),
        "duration": ("Vous avez trente jours.", "Vous avez quatre-vingt-dix jours."),
        "workdays": ("Comptez trois jours ouvrables.", "Comptez trois jours."),
        "measure": ("Il pèse 1500 grammes.", "Il pèse 1600 grammes."),
        "percent": ("Une remise de quinze pour cent.", "Une remise de vingt pour cent."),
        "date": ("Jusqu'au 3 mai.", "Jusqu'au 3 juin."),
        "count": ("Il reste cinq pièces.", "Il reste sept pièces."),
        "time": ("Nous ouvrons à 10h30.", "Nous ouvrons à 10h45."),
        "weekday": ("Ouvert le lundi.", "Ouvert le dimanche."),
        "one": ("Douze mois de garantie.", "Dix ans de garantie."),
    },
    "es": {
        "money": ("Cuesta 1.299,00 coronas.", "Cuesta 1.399,00 coronas."),
        "duration": ("Tiene treinta días.", "Tiene treinta y cinco días."),
        "workdays": ("Tarda tres días laborables.", "Tarda diez días laborables."),
        "measure": ("Pesa 1500 gramos.", "Pesa 1600 gramos."),
        "percent": ("Un quince por ciento.", "Un veinte por ciento."),
        "date": ("Hasta el 3 de mayo.", "Hasta el 13 de mayo."),
        "count": ("Quedan cinco unidades.", "Quedan once unidades."),
        "time": ("Abrimos a las 10:30.", "Abrimos a las 11:30."),
        "weekday": ("Abrimos el viernes.", "Abrimos el domingo."),
        "one": ("Doce meses de garantía.", "Dos años de garantía."),
    },
    "it": {
        "money": ("Costa 1.299 corone.", "Costa 1.399 corone."),
        "duration": ("Ha trenta giorni.", "Ha ventotto giorni."),
        "workdays": ("Servono tre giorni lavorativi.", "Servono otto giorni lavorativi."),
        "measure": ("Pesa 1500 grammi.", "Pesa 1600 grammi."),
        "percent": ("Il quindici per cento.", "Il ventuno per cento."),
        "date": ("Fino al 3 maggio.", "Fino al 3 giugno."),
        "count": ("Restano cinque pezzi.", "Restano sei pezzi."),
        "time": ("Dalle ore 10:30.", "Dalle ore 12."),
        "weekday": ("Aperto il venerdì.", "Aperto la domenica."),
        "one": ("Dodici mesi di garanzia.", "Due anni di garanzia."),
    },
    "pt": {
        "money": ("Custa 1.299 coroas.", "Custa 1.399 coroas."),
        "duration": ("Tem trinta dias.", "Tem trinta e cinco dias."),
        "workdays": ("São três dias úteis.", "São nove dias úteis."),
        "measure": ("Pesa 1500 gramas.", "Pesa 1600 gramas."),
        "percent": ("Quinze por cento.", "Vinte por cento."),
        "date": ("Até 3 de maio.", "Até 3 de outubro."),
        "count": ("Há cinco unidades.", "Há sete unidades."),
        "time": ("A partir das 10:30.", "A partir das 11h30."),
        "weekday": ("Aberto na sexta-feira.", "Aberto no domingo."),
        "one": ("Doze meses de garantia.", "Dois anos de garantia."),
    },
    "nl": {
        "money": ("Het kost 1.299 kronen.", "Het kost 1.399 kronen."),
        "duration": ("U heeft dertig dagen.", "U heeft vijfenveertig dagen."),
        "workdays": ("Het duurt drie werkdagen.", "Het duurt elf werkdagen."),
        "measure": ("Het weegt 1500 gram.", "Het weegt 1600 gram."),
        "percent": ("Vijftien procent korting.", "Tien procent korting."),
        "date": ("Tot 3 mei.", "Tot 4 mei."),
        "count": ("Er zijn vijf stuks.", "Er zijn zes stuks."),
        "time": ("Open vanaf 10:30.", "Open om 12 uur."),
        "weekday": ("Open op vrijdag.", "Open op zondag."),
        "one": ("Twaalf maanden garantie.", "Twee jaar garantie."),
    },
    "pl": {
        "money": ("Kosztuje 1 299 koron.", "Kosztuje 1 399 koron."),
        "duration": ("Masz trzydzieści dni.", "Masz trzydzieści pięć dni."),
        "workdays": ("Trwa trzy dni robocze.", "Trwa cztery dni robocze."),
        "measure": ("Waży 1500 gramów.", "Waży 1600 gramów."),
        "percent": ("Rabat piętnaście procent.", "Rabat dwadzieścia procent."),
        "date": ("Do 3 maja.", "Do 3 marca."),
        "count": ("Mamy pięć sztuk.", "Mamy osiem sztuk."),
        "time": ("Otwarte od godz. 10:30.", "Otwarte od godz. 12."),
        "weekday": ("Otwarte w piątek.", "Otwarte w niedzielę."),
        "one": ("Dwanaście miesięcy gwarancji.", "Dwa lata gwarancji."),
    },
    "sv": {
        "money": ("Den kostar 1 299 kronor.", "Den kostar 1 399 kronor."),
        "duration": ("Du har trettio dagar.", "Du har trettiofem dagar."),
        "workdays": ("Det tar tre vardagar.", "Det tar sex vardagar."),
        "measure": ("Den väger 1500 gram.", "Den väger 1600 gram."),
        "percent": ("Femton procent rabatt.", "Tjugo procent rabatt."),
        "date": ("Till den 3 maj.", "Till den 3:e juni."),
        "count": ("Fem stycken kvar.", "Åtta stycken kvar."),
        "time": ("Öppet från klockan 10.30.", "Öppet från klockan 12."),
        "weekday": ("Öppet på fredagar.", "Öppet på söndagar."),
        "one": ("Tolv månaders garanti.", "Två års garanti."),
    },
    "tr": {
        "money": ("Fiyatı 1.299 kr.", "Fiyatı 1.399 kr."),
        "duration": ("Otuz gününüz değil, otuz gün var.", "Kırk beş gün var."),
        "workdays": ("Üç iş günü sürer.", "On iş günü sürer."),
        "measure": ("1500 gram ağırlığında.", "1600 gram ağırlığında."),
        "percent": ("Yüzde 15 indirim.", "Yüzde 20 indirim."),
        "date": ("3 Mayıs'a kadar.", "4 Mayıs'a kadar."),
        "count": ("Beş adet var.", "Yedi adet var."),
        "time": ("Saat 10:30'da açılır.", "Saat 11:30'da açılır."),
        "weekday": ("Pazartesi açık.", "Perşembe açık."),
        "one": ("On iki ay garanti.", "İki yıl garanti."),
    },
    "ar": {
        "money": ("السعر 1,299.00 SEK.", "السعر 1,399.00 SEK."),
        "duration": ("لديك ثلاثون يوما.", "لديك أربعون يوما."),
        "workdays": ("يستغرق ثلاثة أيام عمل.", "يستغرق سبعة أيام عمل."),
        "measure": ("الوزن 1500 جرام.", "الوزن 1600 جرام."),
        "percent": ("خصم 15 بالمئة.", "خصم 25 بالمئة."),
        "date": ("حتى 3 مايو.", "حتى ٤ مايو."),
        "count": ("بقي خمس قطع.", "بقي ثماني قطع."),
        "time": ("نفتح الساعة ١٠:٣٠.", "نفتح الساعة ١١:٣٠."),
        "weekday": ("نفتح يوم الجمعة.", "نفتح يوم الأحد."),
        "one": ("الضمان 12 شهرا.", "الضمان سنتين."),
    },
    "ja": {
        "money": ("価格は1,299 SEKです。", "価格は1,399 SEKです。"),
        "duration": ("三十日以内です。", "四十日以内です。"),
        "workdays": ("3営業日です。", "4営業日です。"),
        "measure": ("1500グラムです。", "1600グラムです。"),
        "percent": ("15%引きです。", "２０％引きです。"),
        "date": ("5月3日までです。", "5月4日までです。"),
        "count": ("5点あります。", "6点あります。"),
        "time": ("午前10時30分に開きます。", "午後10時30分に開きます。"),
        "weekday": ("金曜日に開いています。", "日曜日に開いています。"),
        "one": ("保証は12か月です。", "保証は2年です。"),
    },
}  # fmt: skip
"""By language and kind: a sentence that the source supports and one that it does not."""


def grounder(text: str, language: str | None = None, currency: str = "SEK") -> Grounder:
    made = Grounder(currency, TODAY, language)
    made.add_source(Source(id="document:x#0", kind="document", title="", text=text))
    return made


@pytest.mark.parametrize("language", SAID)
def test_a_figure_needs_a_source_in_every_language(language: str) -> None:
    for kind, (true, false) in SAID[language].items():
        for known in (language, None):  # whether or not the answer's language is known
            assert (checked := grounder(SOURCES[language], known).check(true)).ok, (kind, checked.unsupported)
            assert not grounder(SOURCES[language], known).check(false).ok, kind


@pytest.mark.parametrize("language", SAID)
def test_a_source_in_english_supports_a_sentence_in_every_language(language: str) -> None:
    for kind in SAID["en"]:
        true, false = SAID[language][kind]
        made = grounder(SOURCES["en"], language)
        assert (checked := made.check(true)).ok, (kind, checked.unsupported)
        assert not made.check(false).ok, kind


def test_every_language_has_its_cases() -> None:
    assert set(SAID) == set(SOURCES) == set(load_figures())
    assert all(kinds.keys() == SAID["en"].keys() for kinds in SAID.values())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1 299,00 zł", "money:1299:PLN"),
        ("1.299,00 TL", "money:1299:TRY"),
        ("₺1.299,00", "money:1299:TRY"),
        ("1 299 kr", "money:1299:SEK"),
        ("1 299 000 kr", "money:1299000:SEK"),
        ("299:-", "money:299:SEK"),
        ("1,200円", "money:1200:JPY"),
        ("￥１，２００", "money:1200:JPY"),
        ("1万2000円", "money:12000:JPY"),
        ("R$ 1.299,90", "money:1299.9:BRL"),
        ("٤٩٫٥٠ ريال", "money:49.5:SAR"),
        ("150 ر.س", "money:150:SAR"),
        ("%20", "percent:20"),
        ("2割", "percent:20"),
        ("٢٠٪", "percent:20"),
        ("3日", "duration:3:day"),
        ("2週間", "duration:14:day"),
        ("2〜3営業日", "duration:2:workday"),
        ("24時間", "duration:24:hour"),
        ("24 uur", "duration:24:hour"),
        ("om 10 uur", "time:600"),
        ("5個", "measure:5:piece"),
        ("全3色", "number:3"),
        ("10時30分", "time:630"),
        ("午後3時", "time:900"),
        ("5月3日", "date:--05-03"),
        ("2026年5月3日", "date:2026-05-03"),
        ("am 3. Mai 2026", "date:2026-05-03"),
        ("1er mai", "date:--05-01"),
        ("3 de maio de 2026", "date:2026-05-03"),
        ("3 maja 2026", "date:2026-05-03"),
        ("3 Mayıs'ta", "date:--05-03"),
        ("den 3:e maj", "date:--05-03"),
        ("03-05-2026", "date:2026-05-03"),
        ("٢٠٢٦/٥/٣", "date:2026-05-03"),
        ("3 set 2026", "date:2026-09-03"),
        ("w maju 2026", "month:2026-05"),
        ("yirmi beş gün", "duration:25:day"),
        ("fünfundzwanzig Tage", "duration:25:day"),
        ("tjugofem dagar", "duration:25:day"),
        ("خمسة وعشرون يوما", "duration:25:day"),
        ("soixante-quinze jours", "duration:75:day"),
        ("two hundred and fifty days", "duration:250:day"),
        ("zweihundert Tage", "duration:200:day"),
        ("sto dni", "duration:100:day"),
        ("يومين", "duration:2:day"),
        ("خلال أسبوع", "duration:7:day"),
        ("w ciągu tygodnia", "duration:7:day"),
        ("inom en vecka", "duration:7:day"),
        ("dentro de uma semana", "duration:7:day"),
    ],
)
def test_how_figures_are_written(text: str, key: str) -> None:
    quantities = read_quantities(text, "EUR")
    assert key in [found for quantity in quantities for found in quantity.keys], quantities


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The bag is on the table, it is due soon."),
        ("de", "Hier bin ich, er meldet sich dort bei Ihnen."),
        ("fr", "Quels articles dois-je comparer ? Le four est là, on dort."),
        ("it", "Sto cercando, sei il benvenuto."),
        ("es", "Por la mañana, la segunda mano."),
        ("pl", "Ten produkt jest dostępny, nie ten drugi, miła pani."),
        ("nl", "Hier is onze keuze, dat is dun."),
        ("sv", "Det är mil bort, mord om det."),
        ("tr", "Altı düz, yüzü elli tonlu."),
        ("ja", "十分な大きさです。一番人気です。"),
        ("pt", "É doce, tio, on-line."),
    ],
)
def test_words_that_are_numbers_elsewhere_are_no_figures(language: str, sentence: str) -> None:
    assert (checked := grounder("Nothing.", language).check(sentence)).ok, checked.unsupported


def test_such_words_are_figures_beside_a_unit() -> None:
    assert not grounder("Nothing.").check("On gün sürer.").ok
    assert not grounder("Nothing.").check("Det tar sex dagar.").ok
    assert not grounder("Nothing.").check("Se tarda once días.").ok


def test_such_words_are_figures_in_a_text_of_their_language() -> None:
    assert not grounder("Nothing.", "es").check("Hay once colores.").ok
    assert not grounder("Nothing.", "de").check("Es gibt elf Farben.").ok


def test_a_shops_own_currency_settles_a_shared_name() -> None:
    made = Grounder("AED")
    made.add_facts("product:A", "price", Money(4900, "AED"))
    assert made.check("السعر 49 درهما.").ok
    assert not made.check("السعر 49 ريالا.").ok
    made = Grounder("NOK")
    made.add_facts("product:A", "price", Money(4900, "NOK"))
    assert made.check("Den koster 49 kr.").ok


def test_a_currency_code_that_is_a_word_needs_capitals() -> None:
    made = Grounder("TRY")
    made.add_facts("product:A", "price", Money(129900, "TRY"))
    made.add_facts("product:A", "pillows", 2)
    assert made.check("It costs TRY 1,299.00.").ok
    assert made.check("Please try 2 pillows.").ok


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("Spedizione gratuita.", "La spedizione costa 5 euro."),
        ("Envio grátis.", "O envio custa 5 euros."),
        ("Gratis verzending.", "Verzending kost 5 euro."),
        ("Darmowa dostawa.", "Dostawa kosztuje 5 euro."),
        ("Bezpłatna dostawa.", "Dostawa kosztuje 5 euro."),
        ("Fri frakt.", "Frakten kostar 5 euro."),
        ("Ücretsiz kargo.", "Kargo 5 euro."),
        ("الشحن مجاني.", "الشحن 5 يورو."),
        ("送料無料です。", "送料は5ユーロです。"),
    ],
)
def test_free_needs_a_source_in_every_language(yes: str, no: str) -> None:
    assert grounder(yes, currency="EUR").check(yes).ok
    assert grounder("Shipping is free.", currency="EUR").check(yes).ok
    assert not grounder(no, currency="EUR").check(yes).ok


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("Kommt morgen.", 1),
        ("Arrive demain.", 1),
        ("Arriva domani.", 1),
        ("Chega amanhã.", 1),
        ("Dotrze jutro.", 1),
        ("Kommer i morgon.", 1),
        ("Yarın gelir.", 1),
        ("يصل غدا.", 1),
        ("明日届きます。", 1),
        ("Kommt übermorgen.", 2),
    ],
)
def test_words_for_days_follow_from_a_date(said: str, day: int) -> None:
    made = Grounder("EUR", TODAY)
    assert not made.check(said).ok
    made.add_facts("order:1", "estimated_delivery", date(2026, 4, 20 + day))
    assert made.check(said).ok


def test_short_days_of_a_range_and_before_a_time_support_the_whole_names() -> None:
    assert grounder("Geöffnet Mo-Fr 9:00.").check("Montags und freitags ist offen.").ok
    assert grounder("Sa 10:00").check("Am Samstag ist offen.").ok
    assert not grounder("Do it so.").check("Donnerstag oder Sonntag.").ok
