"""What orders and code mails say, in the languages we speak. Every other language reads English."""

from msgspec import Struct

from integrations.platform import OrderStatus


class Words(Struct, frozen=True, kw_only=True):
    """One language. `meanings` explain a label that does not say by itself what happens next."""

    labels: dict[OrderStatus, str]
    meanings: dict[OrderStatus, str]
    on_date: str
    expected: str
    expected_today: str
    overdue: str
    delivered_of: str
    delivered_so_far: str
    sent_of: str
    in_parcels: str
    on_the_way: str
    all_delivered: str
    code_subject: str
    code_text: str


ENGLISH = Words(
    labels={
        OrderStatus.PENDING: "Pending",
        OrderStatus.ON_HOLD: "On hold",
        OrderStatus.PROCESSING: "Processing",
        OrderStatus.PREORDER: "Pre-ordered",
        OrderStatus.PARTIALLY_SHIPPED: "Partly on its way",
        OrderStatus.SHIPPED: "Packed and on its way",
        OrderStatus.OUT_FOR_DELIVERY: "Out for delivery",
        OrderStatus.READY_FOR_PICKUP: "Ready for pickup",
        OrderStatus.DELIVERY_FAILED: "Delivery failed",
        OrderStatus.DELIVERED: "Delivered",
        OrderStatus.RETURN_IN_PROGRESS: "Return in progress",
        OrderStatus.RETURNED: "Returned",
        OrderStatus.PARTIALLY_REFUNDED: "Partly refunded",
        OrderStatus.REFUNDED: "Refunded",
        OrderStatus.CANCELLED: "Cancelled",
        OrderStatus.UNKNOWN: "Status unknown",
    },
    meanings={
        OrderStatus.PENDING: "received, not yet being packed",
        OrderStatus.ON_HOLD: "the shop has to check something first",
        OrderStatus.PROCESSING: "being packed",
        OrderStatus.PARTIALLY_SHIPPED: "the rest follows",
        OrderStatus.DELIVERY_FAILED: "the carrier could not hand it over",
        OrderStatus.UNKNOWN: "the shop's system does not say more",
    },
    on_date="on {date}",
    expected="expected {date}",
    expected_today="expected today",
    overdue="was expected {date}",
    delivered_of="{done} of {all} parcels delivered",
    delivered_so_far="{done} delivered so far",
    sent_of="{done} of {all} parcels on the way",
    in_parcels="in {all} parcels",
    on_the_way="on the way",
    all_delivered="everything delivered",
    code_subject="Your code for {shop}",
    code_text=(
        "Hello,\n\nyour code to see your order at {shop} is\n\n    {code}\n\nIt is valid for 10 minutes, in the "
        "chat that requested it.\n\nIf you did not request it, ignore this e-mail: nobody can see your order without "
        "the code.\n\n{shop}\n"
    ),
)

FRENCH = Words(
    labels={
        OrderStatus.PENDING: "En attente",
        OrderStatus.ON_HOLD: "Suspendue",
        OrderStatus.PROCESSING: "En préparation",
        OrderStatus.PREORDER: "Précommande",
        OrderStatus.PARTIALLY_SHIPPED: "En partie en route",
        OrderStatus.SHIPPED: "Emballage terminé, en route",
        OrderStatus.OUT_FOR_DELIVERY: "En cours de livraison",
        OrderStatus.READY_FOR_PICKUP: "À retirer",
        OrderStatus.DELIVERY_FAILED: "Échec de livraison",
        OrderStatus.DELIVERED: "Livraison effectuée",
        OrderStatus.RETURN_IN_PROGRESS: "Retour en cours",
        OrderStatus.RETURNED: "Retour effectué",
        OrderStatus.PARTIALLY_REFUNDED: "Remboursement partiel",
        OrderStatus.REFUNDED: "Remboursement effectué",
        OrderStatus.CANCELLED: "Annulation effectuée",
        OrderStatus.UNKNOWN: "Statut inconnu",
    },
    meanings={
        OrderStatus.PENDING: "reçue, préparation pas encore commencée",
        OrderStatus.ON_HOLD: "la boutique doit d'abord vérifier un point",
        OrderStatus.PROCESSING: "emballage en cours",
        OrderStatus.PARTIALLY_SHIPPED: "le reste suit",
        OrderStatus.DELIVERY_FAILED: "le transporteur n'a pas pu remettre le colis",
        OrderStatus.UNKNOWN: "le système de la boutique n'en dit pas plus",
    },
    on_date="le {date}",
    expected="livraison prévue le {date}",
    expected_today="livraison prévue aujourd'hui",
    overdue="livraison était prévue le {date}",
    delivered_of="{done} colis sur {all} livrés",
    delivered_so_far="{done} déjà livré(s)",
    sent_of="{done} colis sur {all} en route",
    in_parcels="en {all} colis",
    on_the_way="en route",
    all_delivered="tout est livré",
    code_subject="Votre code pour {shop}",
    code_text=(
        "Bonjour,\n\nvotre code pour voir votre commande chez {shop} est\n\n    {code}\n\nIl est valable 10 minutes, "
        "dans la discussion où il a été demandé.\n\nSi vous ne l'avez pas demandé, ignorez ce message : personne ne "
        "peut voir votre commande sans ce code.\n\n{shop}\n"
    ),
)

GERMAN = Words(
    labels={
        OrderStatus.PENDING: "Offen",
        OrderStatus.ON_HOLD: "Angehalten",
        OrderStatus.PROCESSING: "In Bearbeitung",
        OrderStatus.PREORDER: "Vorbestellt",
        OrderStatus.PARTIALLY_SHIPPED: "Teilweise unterwegs",
        OrderStatus.SHIPPED: "Gepackt und unterwegs",
        OrderStatus.OUT_FOR_DELIVERY: "In Zustellung",
        OrderStatus.READY_FOR_PICKUP: "Abholbereit",
        OrderStatus.DELIVERY_FAILED: "Zustellung gescheitert",
        OrderStatus.DELIVERED: "Zugestellt",
        OrderStatus.RETURN_IN_PROGRESS: "Rücksendung läuft",
        OrderStatus.RETURNED: "Zurückgesendet",
        OrderStatus.PARTIALLY_REFUNDED: "Teilweise erstattet",
        OrderStatus.REFUNDED: "Erstattet",
        OrderStatus.CANCELLED: "Storniert",
        OrderStatus.UNKNOWN: "Status unbekannt",
    },
    meanings={
        OrderStatus.PENDING: "eingegangen, wird noch nicht gepackt",
        OrderStatus.ON_HOLD: "der Shop muss erst etwas prüfen",
        OrderStatus.PROCESSING: "wird gepackt",
        OrderStatus.PARTIALLY_SHIPPED: "der Rest folgt",
        OrderStatus.DELIVERY_FAILED: "der Paketdienst konnte nicht zustellen",
        OrderStatus.UNKNOWN: "mehr sagt das System des Shops nicht",
    },
    on_date="am {date}",
    expected="erwartet am {date}",
    expected_today="heute erwartet",
    overdue="war für den {date} erwartet",
    delivered_of="{done} von {all} Paketen zugestellt",
    delivered_so_far="{done} schon zugestellt",
    sent_of="{done} von {all} Paketen unterwegs",
    in_parcels="in {all} Paketen",
    on_the_way="unterwegs",
    all_delivered="alles zugestellt",
    code_subject="Ihr Code für {shop}",
    code_text=(
        "Guten Tag,\n\nIhr Code, um Ihre Bestellung bei {shop} zu sehen, lautet\n\n    {code}\n\nEr gilt 10 Minuten, "
        "in dem Chat, in dem er angefordert wurde.\n\nWenn Sie ihn nicht angefordert haben, beachten Sie diese Mail "
        "nicht: Ohne den Code kann niemand Ihre Bestellung sehen.\n\n{shop}\n"
    ),
)

SPANISH = Words(
    labels={
        OrderStatus.PENDING: "Pendiente",
        OrderStatus.ON_HOLD: "En espera",
        OrderStatus.PROCESSING: "En preparación",
        OrderStatus.PREORDER: "Reservado",
        OrderStatus.PARTIALLY_SHIPPED: "En parte en camino",
        OrderStatus.SHIPPED: "Embalado y en camino",
        OrderStatus.OUT_FOR_DELIVERY: "En reparto",
        OrderStatus.READY_FOR_PICKUP: "Listo para recoger",
        OrderStatus.DELIVERY_FAILED: "Entrega fallida",
        OrderStatus.DELIVERED: "Entregado",
        OrderStatus.RETURN_IN_PROGRESS: "Devolución en curso",
        OrderStatus.RETURNED: "Devuelto",
        OrderStatus.PARTIALLY_REFUNDED: "Reembolsado en parte",
        OrderStatus.REFUNDED: "Reembolsado",
        OrderStatus.CANCELLED: "Cancelado",
        OrderStatus.UNKNOWN: "Estado desconocido",
    },
    meanings={
        OrderStatus.PENDING: "recibido, aún sin empezar a preparar",
        OrderStatus.ON_HOLD: "la tienda tiene que comprobar algo antes",
        OrderStatus.PROCESSING: "se está embalando",
        OrderStatus.PARTIALLY_SHIPPED: "el resto va después",
        OrderStatus.DELIVERY_FAILED: "el transportista no pudo entregarlo",
        OrderStatus.UNKNOWN: "el sistema de la tienda no dice más",
    },
    on_date="el {date}",
    expected="previsto para el {date}",
    expected_today="previsto para hoy",
    overdue="estaba previsto para el {date}",
    delivered_of="{done} de {all} paquetes entregados",
    delivered_so_far="{done} ya entregado(s)",
    sent_of="{done} de {all} paquetes en camino",
    in_parcels="en {all} paquetes",
    on_the_way="en camino",
    all_delivered="todo entregado",
    code_subject="Su código para {shop}",
    code_text=(
        "Hola:\n\nSu código para ver su pedido en {shop} es\n\n    {code}\n\nSirve durante 10 minutos, en el chat en "
        "el que se pidió.\n\nSi no lo ha pedido, ignore este correo: nadie puede ver su pedido sin el código.\n\n"
        "{shop}\n"
    ),
)

LANGUAGES = {"en": ENGLISH, "fr": FRENCH, "de": GERMAN, "es": SPANISH}


def language(locale: str) -> str:
    """The language of `locale` ("fr-CA" gives fr), English where we do not speak it."""
    code = locale.replace("_", "-").split("-")[0].lower()
    return code if code in LANGUAGES else "en"


def words_for(locale: str) -> Words:
    """The words of a locale."""
    return LANGUAGES[language(locale)]
