"""A small dictionary into English for the words of shopping, so that a search reaches an English catalog.

Keys are folded words; a key with hyphens is a phrase ("sac-a-dos"). Word by word is enough for search; nothing of it is ever shown.
"""
# ruff: noqa: E501 - a table

import re

from server.chat.answering.intents.words import fold, stem, words

_FRENCH = """
retour return|retours returns|retourner return|renvoyer return|rendre return|remboursement refund|rembourser refund
rembourse refunded|echange exchange|echanger exchange|livraison delivery shipping|livrer deliver|livrez deliver
expedition shipping|expedier ship|expediez ship|colis parcel|suivi tracking|frais costs fee|port shipping|delai time
delais time|commande order|commander order|annuler cancel|annulation cancellation|modifier change|adresse address
paiement payment|payer pay|carte card|facture invoice|garantie warranty|compte account|prix price|cher expensive
remise discount|promotion discount|solde sale|magasin store|boutique store|horaires hours|taille size|tailles sizes
couleur color|couleurs colors|bleu blue|bleue blue|rouge red|vert green|verte green|noir black|noire black
blanc white|blanche white|gris grey|grise grey|jaune yellow|rose pink|poids weight|lourd heavy|leger light
legere light|dimensions dimensions|longueur length|largeur width|hauteur height|matiere material|matiere material
laine wool|coton cotton|lin linen|cuir leather|bois wood|verre glass|acier steel|coute cost|temps time
impermeable waterproof|etanche waterproof|chaud warm|chaude warm|chaussures shoes|chaussure shoe|bottes boots
veste jacket|manteau coat|chemise shirt|pantalon trousers pants|robe dress|pull sweater|chaussettes socks
chapeau hat|bonnet beanie|gants gloves|sac bag|sacs bags|tente tent|couchage sleeping|couverture blanket|gourde bottle
bouteille bottle|tasse mug|lampe lamp|frontale headlamp|velo bike|montre watch|bijou jewelry|collier necklace
casque headphones helmet|ecouteurs earphones|ordinateur computer|telephone phone|chargeur charger|batterie battery
jouet toy|jouets toys|livre book|cuisine kitchen|poele pan|couteau knife|cafe coffee|the tea|table table
chaise chair|lit bed|matelas mattress|oreiller pillow|serviette towel|bougie candle|cadeau gift|enfant child kids
enfants kids|femme women|homme men|bebe baby|chien dog|chat cat|jardin garden|randonnee hiking|camping camping
voyage travel|pluie rain|hiver winter|ete summer|personnes person|personne person|disponible available|jours days
comparer compare|laver wash|lavage washing|entretien care|international international|etranger abroad|savon soap
sac-a-dos backpack|sacs-a-dos backpacks|sac-de-couchage sleeping bag|lave-vaisselle dishwasher|lampe-frontale headlamp
carte-cadeau gift card|cartes-cadeaux gift cards|semaine week|dimanche sunday|samedi saturday|visiter visit
impermeables waterproof|arrive arrive|recu received|mauvais wrong|mauvaise wrong|parapluie umbrella|moulin grinder|frais-de-port shipping cost
"""
_GERMAN = """
geschenkkarte gift card|wochenende weekend|sonntag sunday|sonntags sunday|samstag saturday|besuchen visit
regenjacken rain jackets|spulmaschine dishwasher|geschirrspuler dishwasher|regenschirm umbrella|kaffeemuhle coffee grinder
warmste warm|warmsten warm|leichteste light|leichtesten light|schlafsacke sleeping bags|rucksacke backpacks|zelte tents
falsche wrong|falscher wrong|falsches wrong|falschen wrong|filiale store|ladengeschaft store|angekommen arrived
ruckgabe return|zuruckzugeben return|zuruckgebe return|zuruckzuschicken return|zuruckschicke return
ruckgaberecht return|rucksendung return|zuruckgeben return|zuruckschicken return|zurucksenden return|retoure return
ruckerstattung refund|erstattung refund|erstatten refund|geld money|umtausch exchange|umtauschen exchange
versand shipping|versandkosten shipping costs|lieferung delivery|liefern deliver|liefert deliver|lieferzeit delivery time
paket parcel|sendung parcel|sendungsverfolgung tracking|verfolgen track|kosten cost|kostet cost|dauert take
bestellung order|bestellen order|stornieren cancel|stornierung cancellation|andern change|adresse address
zahlung payment|bezahlen pay|zahlen pay|zahlungsarten payment methods|karte card|kreditkarte credit card
rechnung invoice|garantie warranty|gewahrleistung warranty|konto account|preis price|teuer expensive|rabatt discount
gutschein voucher|laden store|geschaft store|offnungszeiten opening hours|grose size|grosen sizes|farbe color
farben colors|blau blue|blaue blue|blauer blue|rot red|rote red|grun green|grune green|schwarz black|schwarze black
weis white|weise white|grau grey|graue grey|gelb yellow|rosa pink|gewicht weight|schwer heavy|wiegt weight|leicht light
leichte light|leichtes light|mase dimensions|lange length|breite width|hohe height|material material|wolle wool
baumwolle cotton|leinen linen|leder leather|holz wood|glas glass|stahl steel|wasserdicht waterproof
wasserdichte waterproof|wasserdichtes waterproof|warm warm|warme warm|schuhe shoes|schuh shoe|stiefel boots
jacke jacket|mantel coat|hemd shirt|hose trousers pants|kleid dress|pullover sweater|socken socks|hut hat|mutze beanie
handschuhe gloves|tasche bag|taschen bags|rucksack backpack|zelt tent|schlafsack sleeping bag|decke blanket
trinkflasche bottle|flasche bottle|tasse mug|becher mug|lampe lamp|stirnlampe headlamp|fahrrad bike|uhr watch
schmuck jewelry|kopfhorer headphones|rechner computer|handy phone|ladegerat charger|akku battery|batterie battery
spielzeug toy|buch book|kuche kitchen|pfanne pan|messer knife|kaffee coffee|tee tea|tisch table|stuhl chair|bett bed
matratze mattress|kissen pillow|handtuch towel|kerze candle|geschenk gift|kinder kids|damen women|herren men
hund dog|katze cat|garten garden|wandern hiking|wanderschuhe hiking boots|reise travel|regen rain|regenjacke rain jacket
winter winter|sommer summer|personen person|verfugbar available|lager stock|tage days|vergleichen compare
waschen wash|pflege care|ausland abroad|international international|lange long|seife soap
"""
_SPANISH = """
devolucion return|devoluciones returns|devolver return|reembolso refund|reembolsar refund|dinero money|cambio exchange
cambiar change exchange|envio shipping|envios shipping|entrega delivery|entregar deliver|enviar ship|paquete parcel
seguimiento tracking|gastos costs|cuesta cost|cuestan cost|pedido order|pedidos orders|comprar buy|cancelar cancel
cancelacion cancellation|modificar change|direccion address|pago payment|pagar pay|tarjeta card|factura invoice
garantia warranty|cuenta account|precio price|caro expensive|barato cheap|descuento discount|cupon coupon|tienda store
horario hours|talla size|tallas sizes|tamano size|color color|colores colors|azul blue|rojo red|roja red|verde green
negro black|negra black|blanco white|blanca white|gris grey|amarillo yellow|rosa pink|peso weight|pesa weight
pesado heavy|ligero light|ligera light|medidas dimensions|largo length|ancho width|alto height|material material
lana wool|algodon cotton|lino linen|cuero leather|piel leather|madera wood|vidrio glass|cristal glass|acero steel
impermeable waterproof|caliente warm|zapatos shoes|zapatillas shoes sneakers|botas boots|chaqueta jacket|abrigo coat
camisa shirt|camiseta shirt t-shirt|pantalon trousers pants|pantalones trousers pants|vestido dress|jersey sweater
calcetines socks|sombrero hat|gorro beanie|guantes gloves|bolsa bag|bolso bag|mochila backpack|tienda store tent
saco bag|dormir sleeping|manta blanket|botella bottle|taza mug|lampara lamp|linterna headlamp|bicicleta bike
reloj watch|joyas jewelry|auriculares headphones|ordenador computer|movil phone|cargador charger|bateria battery
juguete toy|juguetes toys|libro book|cocina kitchen|sarten pan|cuchillo knife|cafe coffee|te tea|mesa table|silla chair
cama bed|colchon mattress|almohada pillow|toalla towel|vela candle|regalo gift|ninos kids|mujer women|hombre men
bebe baby|perro dog|gato cat|jardin garden|senderismo hiking|viaje travel|lluvia rain|invierno winter|verano summer
saco-de-dormir sleeping bag|tienda-de-campana tent|tiendas-de-campana tents|tarjeta-regalo gift card|domingo sunday
domingos sunday|sabado saturday|visitar visit|lavavajillas dishwasher|paraguas umbrella|molinillo grinder|tarda take
equivocado wrong|equivocada wrong|incorrecto wrong|tienda-fisica store|tiendas-fisicas stores|bolsa-de-dormir sleeping bag
personas person|disponible available|dias days|comparar compare|lavar wash|cuidado care|extranjero abroad|jabon soap
"""


def _read(text: str) -> dict[str, str]:
    pairs = (entry.split(" ", 1) for line in text.strip().splitlines() for entry in line.split("|"))
    return {key.replace("-", ""): meaning for key, meaning in pairs}


_DICTIONARIES = {"fr": _read(_FRENCH), "de": _read(_GERMAN), "es": _read(_SPANISH)}
_STEMS = {
    language: {stem(word): meaning for word, meaning in reversed(entries.items())}
    for language, entries in _DICTIONARIES.items()
}


def _phrases_of(text: str) -> dict[str, str]:
    """The entries of several words, written with hyphens, to how they are looked up: "sac a dos" to "sacados"."""
    keys = [entry.split(" ", 1)[0] for line in text.strip().splitlines() for entry in line.split("|")]
    return {key.replace("-", " "): key.replace("-", "") for key in keys if "-" in key}


_PHRASES = {"fr": _phrases_of(_FRENCH), "es": _phrases_of(_SPANISH)}
_ANY_PHRASE = {
    language: re.compile(r"\b(?:" + "|".join(phrase.replace(" ", "[ -]") for phrase in phrases) + r")\b")
    for language, phrases in _PHRASES.items()
}


def join_phrases(folded: str, language: str) -> str:
    """Folded text with its known phrases as one word each: "sac a dos" is no bag for the back."""
    phrases = _PHRASES.get(language)
    if phrases is None:
        return folded
    return _ANY_PHRASE[language].sub(lambda found: phrases[found[0].replace("-", " ")], folded)


def words_of_phrase(joined: str, language: str) -> list[str]:
    """The words of a phrase that was joined; none for a plain word."""
    return next((phrase.split() for phrase, key in _PHRASES.get(language, {}).items() if key == joined), [])


def gloss(text: str, language: str) -> str:
    """The English meanings of the words we know, in order; empty for English and for unknown words."""
    entries = _DICTIONARIES.get(language)
    if entries is None:
        return ""
    by_stem = _STEMS[language]
    joined = join_phrases(fold(text), language)
    meanings = (
        entries.get(word) or by_stem.get(stem(word)) or entries.get(word.removesuffix("x")) for word in words(joined)
    )
    return " ".join(dict.fromkeys(meaning for meaning in meanings if meaning))
