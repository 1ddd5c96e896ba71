"""Words that give an intent away, per language. Patterns run over folded text and are bounded.

A rule's weight: 1.0 decides alone, 0.5 is a strong hint, 0.25 a weak one.
"""
# ruff: noqa: E501 - a pattern reads better on one line

import re
from functools import lru_cache

from msgspec import Struct

from server.chat.answering.intents.models import IntentKind, Topic


class Rule(Struct, frozen=True):
    """One pattern and what it speaks for."""

    kind: IntentKind
    topic: Topic | None
    weight: float
    pattern: re.Pattern[str]


_K, _T = IntentKind, Topic
_ORDER = r"(?:orders?|package|packages|parcels?|delivery|purchase|shipment|items?|stuff|product)"

_ENGLISH: tuple[tuple[IntentKind, Topic | None, float, str], ...] = (
    (_K.GREETING, None, 1.0, r"^\W*(?:hi+|hello+|hey+|yo|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))(?:\s+(?:there|all|everyone|team|aisle|again|guys))?(?:,? how are you)?\W*$"),
    (_K.THANKS, None, 1.0, r"^\W*(?:ok(?:ay)?,?\s+|great,?\s+|perfect,?\s+|cool,?\s+|awesome,?\s+)?(?:many thanks|thanks?(?: you)?|thx|ty|cheers|much appreciated)\b(?:(?!\b(?:but|what|how|can|where|also|and)\b)[^?]){0,40}$"),
    (_K.THANKS, None, 0.8, r"^\W*(?:great|perfect|awesome|cool|ok(?:ay)?|got it|that helps|that'?s (?:all|great|perfect))(?:,? that'?s all)?\W*$"),
    (_K.GOODBYE, None, 1.0, r"^\W*(?:ok(?:ay)?,?\s+)?(?:bye(?:[- ]bye)?|goodbye|see you|see ya|good ?night|have a (?:nice|good|great) (?:day|one|evening))\b.{0,25}$"),
    (_K.HUMAN, None, 1.0, r"\b(?:talk|speak|chat|connect|transfer|put|hand|get|reach|contact|need|want|call)\b.{0,30}\b(?:human|(?:real |live |actual )?person|agents?|representative|someone|somebody|operator|staff|advis[eo]r|manager|real people|customer (?:service|support|care)|support team|customer executive|executive)\b"),
    (_K.HUMAN, None, 1.0, r"\b(?:live|human|real) (?:agent|person|chat|support|human)\b|^\W*(?:human|agent|operator|representative|support|customer (?:service|care|support))(?: please)?\W*$|\bcall me\b|\bcontact (?:us|you|number|details|info)|\b(?:phone|telephone|contact|helpline|toll free|customer care|customer service|call cent(?:er|re)) (?:number|no)\b|call cent(?:er|re)"),
    (_K.HUMAN, None, 0.6, r"\b(?:complain(?:t|ts)?|make a claim|file a claim|lodge|feedback|leave a review|write a review|opinion)\b"),
    (_K.HUMAN, None, 0.8, r"\b(?:pathetic|terrible|awful|worst|horrible|useless|waste of (?:time|money)|scam|fraud|unacceptable|rude|disgusting|ridiculous)\b"),
    (_K.IDENTITY, None, 1.0, r"\b(?:who|what) (?:are|r) (?:you|u)\b|\bare you (?:a |an |the )?(?:(?:real|human|actual) )?(?:bot|robot|human|machine|person|ai|computer|real)\b|\byour name\b|\bwhat can you (?:do|help)|\bhow can you help|\bwho (?:made|built|created) you|what do you do\W*$"),
    (_K.ORDER_STATUS, None, 1.0, rf"\bwhere(?:'?s| is| are)? (?:is )?(?:my|the|our) {_ORDER}\b|\btrack(?:ing)?\b.{{0,20}}\b{_ORDER}\b|\b{_ORDER}\b.{{0,12}}\b(?:status|tracking|track)\b|\b(?:status|progress|whereabouts|eta) (?:of|on|for) (?:my |the |an? )?{_ORDER}|\btracking (?:number|id|link|info)"),
    (_K.ORDER_STATUS, None, 1.0, rf"\b(?:has|have|is|did|when (?:will|does|do|is)|when'?s) (?:i get |i receive |you ship )?(?:my|our) {_ORDER}\b(?!.{{0,30}}\b(?:return|refund|cancel))|\b(?:my|our|this|the) {_ORDER} (?:is|was|has|hasn'?t|have|haven'?t|still|did ?n'?t|never|is ?n'?t)\b.{{0,25}}\b(?:late|arrive|arrived|delay|delayed|shipped|delivered|received|here|come|reached|lost|missing|stuck)"),
    (_K.ORDER_STATUS, None, 0.8, rf"\b(?:not|n't|never|yet to|still waiting|didnt|havent)\b.{{0,25}}\b(?:received|receive|arrived|delivered|got|come|reached|get)\b.{{0,25}}\b{_ORDER}?|\bwhen will (?:it|i (?:get|receive)|my)\b.{{0,25}}\b(?:arrive|order|package|delivered|it|ship)|\border (?:is )?(?:delayed|late)|\bdelay(?:ed)? (?:in|of|with) (?:my )?{_ORDER}|\bmy orders\b|\border history\b|\blast order\b|^\W*{_ORDER} status\W*$"),
    (_K.ORDER_STATUS, None, 1.0, r"^(?!.*\brefund).*\b(?:has ?n'?t|have ?n'?t|did ?n'?t|never|not) (?:yet |even )?(?:arrived?|come|been delivered|shown up|turned up)\b"),
    (_K.ORDER_CHANGE, _T.ORDERING, 1.0, r"\bcanc(?:el|le|el+ing|el+ation|el+ed)\b(?!.{0,12}\bpolicy)(?!.{0,30}\baccount)|\b(?:change|modify|edit|update|amend|correct|switch|swap|remove|add|fix)\b.{0,30}\b(?:my|an|the|this|from|to|of|in) (?:the |my |an )?(?:order|purchase|shipping address|delivery address|address|shipment)\b|\b(?:wrong|different|new|another) (?:shipping |delivery )?address\b|\border (?:change|modification)"),
    (_K.POLICY, _T.RETURNS, 0.7, r"\b(?:returns?|returned|returning|refund(?:s|ed|able)?|exchanges?|exchanged|exchanging|money back|send (?:it|this|them|something) back|replacements?|restocking|reimburs\w+|compensation|restitution|rebate)\b"),
    (_K.POLICY, _T.SHIPPING, 0.6, r"\b(?:shipping|ships?|shipped|deliver|delivers|delivered|deliver(?:y|ies|ing)|courier|postage|express|overnight|dispatch|international(?:ly)?|pin ?codes?|customs|pick ?up)\b"),
    (_K.POLICY, _T.PAYMENT, 0.7, r"\b(?:pay|payments?|paying|paid|credit cards?|debit cards?|paypal|apple pay|google pay|klarna|afterpay|installments?|instalments?|emi|cod|cash on delivery|cash|invoices?|bills?|billing|vat|tax(?:es)?|bank transfer|charged|finance|upi|card declined)\b"),
    (_K.POLICY, _T.PAYMENT, 1.0, r"\bcash on delivery\b|\bcod\b(?!\w)|\bemi\b|\bpayment (?:methods?|options?|modes?)\b"),
    (_K.POLICY, _T.SHIPPING, 1.0, r"(?<!cash on )\bdeliver\w*\b.{0,30}\bavailable\b|\bavailable\b.{0,20}\b(?:pin ?code|area|city|country)\b|\b(?:deliver|ship)\w* (?:options|charges?|costs?|fees?|times?|periods?)\b|\bhow (?:long|much|fast|soon)\b.{0,30}\b(?:shipping|delivery|ship|deliver)\b|\b(?:do|can|will|could) you (?:still )?(?:ship|deliver)\b"),
    (_K.POLICY, _T.STORE, 1.0, r"\b(?:i|we|to) (?:want to |would like to |can |could )?(?:sell|supply|distribute|resell)\b|\b(?:become|be) an? (?:seller|vendor|supplier|dealer|distributor|reseller|partner)\b|^\W*(?:seller|franchise|dealership|distributor)\W*$"),
    (_K.POLICY, _T.ACCOUNT, 1.0, r"\b(?:cancel\w*|clos\w+|delet\w+|remov\w+|edit\w*|updat\w+|modify\w*|chang\w+|creat\w+|open\w*|switch\w*)\b.{0,30}\b(?:account|profile|user|password)\b"),
    (_K.POLICY, _T.ACCOUNT, 0.7, r"\b(?:accounts?|profile|password|pin|sign ?up|signing up|register|registration|registering|log ?in|sign in|newsletter|subscri\w+|unsubscribe|username|user)\b"),
    (_K.POLICY, _T.WARRANTY, 0.8, r"\b(?:warrant(?:y|ies)|guarantees?|guaranteed)\b|\b(?:defective|broken|damaged|faulty) (?:on arrival|item|product|when)|\b(?:broke|stopped working)\b"),
    (_K.POLICY, _T.STORE, 0.75, r"\b(?:opening|business|working|store) (?:hours|times)|\bwhat time\b.{0,20}\b(?:open|close)|\bare you open|\bwhere are you (?:located|based)|\b(?:stores?|shops?|showrooms?|outlets?) (?:near|in|at|location|address)|\b(?:physical|offline|nearest|nearby|near by) (?:stores?|shops?|outlets?)|\b(?:coupons?|promo(?:tion)?s?(?: codes?)?|discounts?|vouchers?|offers|(?<!you )offer|referr?al|refer|loyalty|rewards?|franchise|distributor(?:s|ship)?|dealers?|wholesale|bulk|privacy|my data|sustainab\w+|gift ?wrap(?:ping)?|price match\w*|trial|student)\b"),
    (_K.POLICY, _T.ORDERING, 0.8, r"\bhow (?:do|can|to|should|would) (?:i |we |you )?(?:place an? )?(?:order|buy|purchase|checkout)\b|\bplac(?:e|ing) an? order|\bmake an? (?:order|purchase)|\bhelp (?:me )?(?:with )?(?:ordering|buying|checkout)|\b(?:accept|accepting|taking) orders"),
    (_K.POLICY, None, 0.6, r"\b(?:policy|policies|terms|conditions)\b"),
    (_K.STOCK, None, 0.9, r"\b(?:is|are|do you (?:still )?have)\b.{1,60}\b(?:in stock|available|sold out|out of stock|left)\b|\b(?:back in stock|restock\w*|availability)\b|^\W*in stock\b|\bhow many\b.{0,40}\b(?:left|in stock|available|do you have)|\bwhen will\b.{0,40}\bavailable"),
    (_K.STOCK, None, 1.0, r"^\W*(?:and |what about |how about )in (?:size )?\w+\W*$|\b(?:do you have|have you got|can i get|is there|got) (?:it|this|that|them|these|one|the \w+ one) in\b"),
    (_K.STOCK, None, 1.0, r"\b(?:do you have|have you got|is there|can i get|got)\b.{2,60}\bin (?:size )?(?:a )?(?:xs|s|m|l|xl|xxl|small|medium|large|\d{2}|black|white|red|blue|green|gr[ae]y|yellow|orange|pink|purple|brown|beige|navy)\b"),
    (_K.POLICY, _T.PAYMENT, 1.0, r"\b(?:klarna|paypal|apple pay|google pay|afterpay|amex|american express|bitcoin|crypto)\b"),
    (_K.COMPARISON, None, 1.0, r"\bcompar(?:e|es|ed|ing|ison)\b|\bvs\b\.?|\bversus\b|\bdifferences? (?:between|of|from)|\bdiffer(?:ent)? from\b|\bwhat(?:'s| is) the difference|\bwhich (?:one |of (?:them|these|those|the \w+) )?(?:is|are|would be|'s) (?:the )?(?:better|best|cheaper|cheapest|lighter|lightest|warmer|bigger|smaller|larger|heavier|faster|stronger|more \w+)\b|\bbetter than\b"),
    (_K.COMPARISON, None, 1.0, r"\bwhich (?:one|(?:of )?(?:the |these |those |your )?\w+(?: \w+)?)? ?(?:is|are|'s|has|weighs) (?:the |a )?(?:better|best|cheaper|cheapest|lighter|lightest|warmer|warmest|bigger|biggest|smaller|smallest|larger|largest|heavier|less|more|roomier)\b.{0,60}\bor\b|\w \bor\b .{2,40}[:,?] ?which\b|\b(?:the )?(?:cheaper|lighter|warmer|bigger|smaller|larger|heavier) (?:one|of (?:the|them|these))\b|^\W*(?:and )?(?:which|what) (?:one )?(?:is|weighs) (?:cheaper|lighter|warmer|bigger|smaller|larger|heavier|less|more)"),
    (_K.POLICY, _T.STORE, 1.0, r"\bsiz(?:e|ing) (?:charts?|guides?|tables?)\b|\bwhat (?:us|uk|eu|european|american) size\b|\bsize\b.{0,20}\b(?:conver\w+|equivalent)\b|\bhow do (?:your|the) sizes\b"),
    (_K.POLICY, _T.SHIPPING, 1.0, r"\bcustoms (?:dut(?:y|ies)|fees?|charges?|tax(?:es)?)\b|\bimport (?:dut(?:y|ies)|fees?|charges?|tax(?:es)?)\b|\bdut(?:y|ies)\b.{0,20}\b(?:pay|due|owe|for|on|to|in)\b|\b(?:pay|any|are there|is there)\b.{0,20}\bdut(?:y|ies)\b|\bhow (?:long|soon|fast)\b.{0,40}\b(?:arrives?|get here|gets here|reach me|come)\b"),
    (_K.POLICY, _T.SHIPPING, 1.0, r"\b(?:arrived|came|delivered)\b.{0,15}\b(?:broken|damaged|torn|ripped|cracked|smashed)\b"),
    (_K.POLICY, _T.WARRANTY, 0.9, r"\b(?:is|was|are|got|item|product)\b.{0,15}\b(?:broken|damaged|defective|faulty|torn|ripped|cracked)\b"),
    (_K.POLICY, _T.RETURNS, 1.0, r"\b(?:wrong|incorrect) (?:item|product|size|colou?r|thing|one|order|model|package|parcel)\b|\b(?:sent|got|received|delivered)\b.{0,20}\b(?:wrong|incorrect)\b|\b(?:not|n't) (?:what|the (?:one|thing|item)) i (?:ordered|bought)\b|\bmoney back\b(?!.{0,12}\bguarantee)"),
    (_K.POLICY, _T.STORE, 1.0, r"\bwhere (?:are you|is your|are your)\b.{0,20}\b(?:located|based|from|stores?|shops?|showroom|address|office)\b|\b(?:visit|come (?:to|by|into?)|go to|drop (?:by|in)|walk in(?:to)?)\b.{0,15}\b(?:you|stores?|shops?|showroom|in person)\b|\b(?:your|the) (?:store |shop |street |postal )?address\b|\bin person\b|\bwhere (?:are you|do you) (?:located|based|guys)?\W*$|\bdo you have (?:a |an |any )?(?:physical |real |offline |local |retail )?(?:stores?|shops?|showrooms?)\b(?! credit)"),
    (_K.POLICY, _T.STORE, 1.0, r"\b(?:balance|value)\b.{0,20}\bgift ?cards?\b|\bgift ?cards?\b.{0,20}\b(?:balance|left)\b|\bmy (?:loyalty |reward )?points\b|\bstore credit\b.{0,15}\b(?:balance|left|have)\b"),
    (_K.POLICY, _T.PAYMENT, 1.0, r"\b(?:card|paypal|account|i)\b.{0,15}\b(?:be |get |being |been )charged\b|\bwhen (?:do|will|are) (?:you|i|we) (?:charge|pay|get charged)"),
    (_K.POLICY, _T.STORE, 1.0, r"\bsold[- ]out\b.{0,40}\b(?:come back|return|again|restock\w*)\b|\b(?:what|which) (?:us|uk|eu|european|american) (?:\w+ )?size\b"),
    (_K.POLICY, _T.WARRANTY, 1.0, r"\b(?:do|can|could|will|would) (?:you|i|we) .{0,20}?\b(?:repair\w*|sharpen\w*|mend\w*|fix\w*)\b|\b(?:repairs?|sharpen\w*|mend|fix)\b.{0,30}\?|\bhow (?:much|long)\b.{0,25}\b(?:repair|mend|fix|sharpen)\w*\b"),
    (_K.COMPARISON, None, 1.0, r"^\W*the \w[\w' -]{1,38} or the \w[\w' -]{1,38}\W*$"),
    (_K.COMPARISON, None, 0.9, r"\b(?:lightest|heaviest|warmest|biggest|largest|roomiest|smallest|brightest)\b"),
    (_K.COMPARISON, None, 1.0, r"^\W*(?:and )?(?:the )?(?:cheapest|most expensive)(?: one)?\W*$"),
    (_K.THANKS, None, 0.9, r"^\W*(?:(?:ha|he){2,}h?|lol|wow|nice|hm+)\W*$"),
    (_K.PRODUCT_DETAIL, None, 1.0, r"^\W*(?:and )?(?:how much(?: (?:is|does|are) (?:it|this|that|they|these)(?: cost)?)?|(?:what(?:'?s| is) )?(?:the |its )?price)\W*$"),
    (_K.POLICY, _T.STORE, 0.9, r"\bgift ?cards?\b.{0,40}\b(?:expire|expir\w+|work|use|valid|balance|refund\w*)\b|\bpre[- ]?orders?\b.{0,40}(?:\b(?:work|charged|pay|cancel|long|when)\b|\?)|\b(?:what|how)\b.{0,20}\bpre[- ]?orders?\b|\b(?:do|can|could|will|would) you (?:engrave|personali[sz]e)|\b(?:have|got)\b.{0,12}\b(?:store|shop|showroom)\b.{0,20}\b(?:visit|near|in|go)\b|\b(?:student|military|senior) discount"),
    (_K.PRODUCT_SEARCH, None, 0.7, r"\bdo you (?:have|sell|carry|stock|offer)\b|\blooking for\b|\bshow me\b|\bfind me\b|\bsearch(?:ing)? for\b|\brecommend(?:ation|ations)?\b|\bsuggest(?:ion|ions)?\b|\bgifts? for\b|\bi (?:need|want|would like|'d like) (?:to (?:buy|get|purchase)|an?|some)\b|\b(?:best|good|cheapest|cheap)\b.{1,40}\bfor\b|\bcheapest\b|\bunder [$€£]?\d|\bsomething (?:for|to|that)\b|\bwhat .{1,30}\bdo you (?:have|sell|carry|recommend)|\bhave you got\b|\bgot any\b|\bneed an? \b|\bany(?:thing)? .{1,30}\bunder\b"),
    (_K.PRODUCT_DETAIL, None, 0.5, r"\b(?:dimensions?|measurements?|ingredients?|specs?|specifications?|expiry|side effects?|waterproof|water resistant|machine washable|compatible|batter(?:y|ies))\b.{0,40}\?"),
    (_K.PRODUCT_DETAIL, None, 0.7, r"\b(?:is|are|does|do|can|will|would|has|have) (?:it|this|that|these|those|they|the (?:first|second|third|last))\b|\bwhat (?:sizes?|colou?rs?|materials?|is it|are they|size|colou?r)\b|\bhow (?:heavy|big|long|tall|wide|thick|deep|large|much does|much is|much for|much are|do i (?:use|wash|clean|install|assemble)|loud|warm|hot)\b|\bmade (?:of|from|in)\b|\btell me (?:more )?about\b|\bmore (?:info|information|details) (?:on|about)\b|\bdetails (?:of|on|about)\b|\bwhat is the (?:size|weight|price|colou?r|material|length|width|height|capacity)\b|\bprice of\b|\bcost of\b|\bwork(?:s)? with\b|\bfits?\b"),
)  # fmt: skip

_FRENCH: tuple[tuple[IntentKind, Topic | None, float, str], ...] = (
    (_K.GREETING, None, 1.0, r"^\W*(?:bonjour|salut|bonsoir|coucou)(?:\s+(?:a tous|tout le monde|madame|monsieur))?(?:,? (?:ca va|comment allez[- ]vous))?\W*$"),
    (_K.THANKS, None, 1.0, r"^\W*(?:(?:ok|super|parfait|tres bien|d'accord),?\s+)?merci\b[^?]{0,40}$"),
    (_K.GOODBYE, None, 1.0, r"^\W*(?:au revoir|a bientot|bonne (?:journee|soiree|nuit)|salut a tous)\W*$"),
    (_K.HUMAN, None, 1.0, r"\b(?:parler|joindre|contacter|discuter|appeler|besoin|voudrais|veux)\b.{0,30}\b(?:humain|personne|quelqu'un|conseiller|conseillere|agent|service client|vendeur|responsable)\b|\bservice client\b|\bnumero de telephone\b|\breclamation\b|^\W*(?:un )?(?:humain|conseiller|agent)\W*$"),
    (_K.IDENTITY, None, 1.0, r"\b(?:qui|qu'?) ?(?:es[- ]tu|etes[- ]vous)\b|\b(?:es[- ]tu|etes[- ]vous) (?:un |une )?(?:robot|humain|humaine|machine|bot|personne)|\bque (?:peux[- ]tu|pouvez[- ]vous) faire"),
    (_K.ORDER_STATUS, None, 1.0, r"\bou (?:est|en est|sont|se trouve) (?:ma|mon|mes|la|le) (?:commandes?|colis|paquet|livraison)|\b(?:suivre|suivi|statut|etat)\b.{0,25}\b(?:commande|colis|livraison|paquet)|\bnumero de suivi|\b(?:ma commande|mon colis)\b.{0,30}\b(?:arriv\w*|expedie\w*|livre\w*|recu\w*|retard|parti\w*)|\bquand\b.{0,30}\b(?:ma commande|mon colis)|\bmes commandes\b|\bpas (?:encore )?recu\b"),
    (_K.ORDER_CHANGE, _T.ORDERING, 1.0, r"\b(?:annuler|annulation|annulez)\b|\b(?:changer|modifier|corriger)\b.{0,30}\b(?:commande|adresse)|\bmauvaise adresse"),
    (_K.POLICY, _T.RETURNS, 0.8, r"\b(?:retours?|retourner|renvoyer|rembours\w+|echang\w+|rendre)\b"),
    (_K.POLICY, _T.SHIPPING, 0.8, r"\b(?:livraisons?|livrer|livrez|livre|expedi\w+|frais de port|transporteur|international|a l'etranger|delais?)\b"),
    (_K.POLICY, _T.PAYMENT, 0.8, r"\b(?:paiements?|payer|carte (?:bancaire|bleue|de credit)|paypal|factur\w+|en plusieurs fois|virement|tva)\b"),
    (_K.POLICY, _T.ACCOUNT, 0.8, r"\b(?:compte|mot de passe|inscri\w+|connexion|newsletter)\b"),
    (_K.POLICY, _T.WARRANTY, 0.9, r"\bgaranti\w*\b|\b(?:defectueu\w+|casse\w*|abime\w*)\b"),
    (_K.POLICY, _T.STORE, 0.7, r"\b(?:horaires?|magasins?|boutiques?|code promo|reductions?|promotions?|remises?|donnees personnelles|confidentialite|fidelite|carte cadeau|conditions)\b"),
    (_K.POLICY, _T.ORDERING, 0.8, r"\bcomment (?:puis[- ]je )?(?:commander|acheter|passer (?:une )?commande)"),
    (_K.POLICY, _T.STORE, 1.0, r"\bou (?:etes[- ]vous|est[- ]ce que vous|se trouve|vous trouve\w*|est (?:votre|le|la)) ?(?:situe\w*|magasin|boutique|adresse)?\W*$|\b(?:visiter|venir (?:dans|a|au|en))\b|\b(?:magasin|boutique) (?:physique|en ville)\b|\bsolde de ma carte\b|\b(?:avez[- ]vous|y a[- ]t[- ]il) (?:un|une|des) (?:magasins?|boutiques?)\b"),
    (_K.POLICY, _T.RETURNS, 1.0, r"\b(?:mauvais|mauvaise) (?:article|produit|taille|couleur|colis)\b|\bpas (?:ce que j'ai|l'article) commande"),
    (_K.COMPARISON, None, 1.0, r"\ble(?:s)? plus (?:leg\w+|chaud\w*|lourd\w*|grand\w*|petit\w*|spacieu\w+)\b|\bla plus (?:leg\w+|chaude|lourde|grande|petite|spacieuse)\b"),
    (_K.COMPARISON, None, 1.0, r"^\W*(?:et )?(?:le|la|les) (?:moins|plus) ch(?:er|ere)s?\W*$"),
    (_K.PRODUCT_DETAIL, None, 1.0, r"^\W*(?:et |alors )?(?:(?:c'est |ca (?:coute|fait) )?combien(?: (?:c'est|ca (?:coute|fait|vaut)|cela coute|(?:coute|vaut)[- ](?:il|elle|t[- ]il|t[- ]elle)))?|quel (?:est )?(?:le|son) prix|(?:a )?quel prix|le prix)\W*$|\b(?:parlez|parle)[- ]moi d|\ben savoir plus sur\b"),
    (_K.STOCK, None, 1.0, r"\ben stock\b|\b(?:disponibles?|disponibilite|rupture|epuise\w*)\b"),
    (_K.COMPARISON, None, 1.0, r"\bcompar\w+\b|\bdifference\w* entre\b|\bvs\b|\blequel\b.{0,20}\b(?:mieux|meilleur|leger|moins cher)|\blaquelle\b.{0,20}\b(?:mieux|meilleure|legere|moins chere)"),
    (_K.PRODUCT_SEARCH, None, 0.8, r"\b(?:je cherche|cherche|recherche|vendez[- ]vous|avez[- ]vous|auriez[- ]vous|montrez[- ]moi|il me faut|j'ai besoin d|conseillez|recommand\w+|cadeau pour|moins de \d|une? idee)\b"),
    (_K.PRODUCT_SEARCH, None, 0.4, r"\b(?:je voudrais|je veux|j'aimerais)\b"),
    (_K.STOCK, None, 1.0, r"^\W*(?:et )?en (?:bleu|rouge|vert|noir|blanc|gris|jaune|rose|taille)\w*\b"),
    (_K.PRODUCT_DETAIL, None, 0.7, r"\b(?:est[- ](?:il|elle|ce que c'est)|sont[- ](?:ils|elles)|est[- ]ce (?:qu'il|qu'elle|que (?:ce|cette|c'est)))\b|\bcombien (?:pese|coute|mesure)|\bquelles? (?:tailles?|couleurs?|matieres?|dimensions?)|\bpoids\b|\bimpermeable\b.{0,5}\?|\bdites[- ]m'en plus\b|\bprix (?:de|du)\b"),
)  # fmt: skip

_GERMAN: tuple[tuple[IntentKind, Topic | None, float, str], ...] = (
    (_K.GREETING, None, 1.0, r"^\W*(?:hallo|hi|hey|moin(?: moin)?|servus|gr(?:u|ue)s+ (?:gott|dich|sie)|guten (?:morgen|tag|abend))(?:\s+(?:zusammen|miteinander|liebes team))?\W*$"),
    (_K.THANKS, None, 1.0, r"^\W*(?:(?:ok(?:ay)?|super|alles klar|perfekt|prima),?\s+)?(?:vielen dank|danke(?:schon)?|besten dank|herzlichen dank)\b[^?]{0,40}$"),
    (_K.GOODBYE, None, 1.0, r"^\W*(?:tschuss?|tschus+i?|auf wiedersehen|bis bald|bis dann|ciao|schonen (?:tag|abend)(?: noch)?)\W*$"),
    (_K.HUMAN, None, 1.0, r"\b(?:sprechen|reden|chatten|verbinden|kontakt\w*|anrufen|erreichen|brauche|mochte)\b.{0,30}\b(?:mensch\w*|mitarbeiter\w*|jemand\w*|person|berater\w*|kundenservice|kundendienst|support|agent\w*)\b|\b(?:mensch\w*|mitarbeiter\w*|berater\w*|kundenservice)\b.{0,20}\b(?:sprechen|reden|verbinden|bitte)|\btelefonnummer\b|\bbeschwer\w+\b|^\W*(?:mensch|mitarbeiter|kundenservice)\W*$"),
    (_K.IDENTITY, None, 1.0, r"\b(?:wer|was) (?:bist du|sind sie)\b|\b(?:bist du|sind sie) (?:ein |eine )?(?:roboter|bot|mensch|maschine|ki)|\bwas (?:kannst du|konnen sie)\W*$|\bwas kannst du"),
    (_K.ORDER_STATUS, None, 1.0, r"\bwo (?:ist|bleibt|sind) (?:mein\w*|das|die|unser\w*) (?:bestellung\w*|paket\w*|lieferung|sendung|ware)|\b(?:status|stand|verfolg\w+|tracking)\b.{0,25}\b(?:bestellung|paket|sendung|lieferung)|\b(?:bestellung|paket|sendung)\b.{0,25}\b(?:status|verfolgen|angekommen|versendet|verschickt|unterwegs|geliefert|verspatet)|\bsendungs(?:nummer|verfolgung)\b|\bwann (?:kommt|wird)\b.{0,20}\b(?:mein\w*|bestellung|paket)|\bmeine bestellungen\b|\bnicht (?:angekommen|erhalten|bekommen)\b"),
    (_K.ORDER_CHANGE, _T.ORDERING, 1.0, r"\bstornier\w*\b|\b(?:andern|ander\w*|korrigier\w+)\b.{0,30}\b(?:bestellung|adresse|lieferadresse)|\b(?:bestellung|adresse|lieferadresse)\b.{0,20}\bandern|\bfalsche (?:liefer)?adresse"),
    (_K.POLICY, _T.RETURNS, 0.8, r"\b(?:ruckgabe\w*|rucksend\w*|zuruck(?:geben|schicken|senden|zugeben|zuschicken)|retoure\w*|erstatt\w+|ruckerstatt\w+|umtausch\w*|umzutauschen|widerruf\w*|geld zuruck)\b"),
    (_K.POLICY, _T.SHIPPING, 0.8, r"\b(?:versand\w*|liefer\w+|verschick\w+|porto|ausland|express\w*|zoll)\b"),
    (_K.POLICY, _T.PAYMENT, 0.8, r"\b(?:zahl(?:en|ung|ungen|ungsart\w*|ungsmethode\w*)|bezahl\w*|kreditkarte\w*|paypal|rechnung\w*|raten(?:zahlung)?|klarna|uberweis\w+|lastschrift|mwst)\b"),
    (_K.POLICY, _T.ACCOUNT, 0.8, r"\b(?:konto|kundenkonto|passwort|anmeld\w+|registrier\w+|einloggen|newsletter)\b"),
    (_K.POLICY, _T.WARRANTY, 0.9, r"\b(?:garantie\w*|gewahrleistung\w*|defekt\w*|kaputt\w*|beschadigt\w*)\b"),
    (_K.POLICY, _T.STORE, 0.7, r"\b(?:offnungszeiten|filiale\w*|laden(?:geschaft)?|standort\w*|rabatt\w*|gutschein\w*|aktion\w*|datenschutz|treuepunkte|geschaftsbedingungen|agb)\b"),
    (_K.POLICY, _T.ORDERING, 0.8, r"\bwie (?:kann ich |bestelle ich|kaufe ich)(?:bestellen|kaufen)?"),
    (_K.POLICY, _T.STORE, 1.0, r"\bwo (?:seid ihr|sind sie|sitzt ihr|ist (?:euer|ihr|der|das)|finde ich (?:euch|sie))\b.{0,25}(?:laden|geschaft|adresse|standort|zu finden|zuhause|ansassig)?\W*$|\b(?:habt ihr|haben sie|gibt es) (?:einen?|ein) (?:laden|ladengeschaft|geschaft|filiale|showroom)\b|\b(?:laden|geschaft)\b.{0,15}\bbesuchen\b|\bvorbeikommen\b|\bguthaben\b"),
    (_K.POLICY, _T.RETURNS, 1.0, r"\bfalsche[nrs]? (?:artikel|produkt|grose|farbe|ware|paket)\b|\bgeld zuruck\b|\bnicht (?:das|was) .{0,15}bestellt\b"),
    (_K.COMPARISON, None, 1.0, r"\b(?:warmste[nrs]?|leichteste[nrs]?|schwerste[nrs]?|groste[nrs]?|kleinste[nrs]?|hellste[nrs]?)\b"),
    (_K.COMPARISON, None, 1.0, r"^\W*(?:und )?(?:der|die|das|den) (?:gunstigste|billigste|teuerste)n?\W*$"),
    (_K.PRODUCT_DETAIL, None, 1.0, r"^\W*(?:und )?(?:was|wie ?viel) kostet (?:das|es|er|sie|der|die|dieser?|dieses)?\W*$|^\W*(?:und )?(?:wie teuer(?: ist (?:das|es|er|sie))?|(?:der )?preis)\W*$|\berzahl\w* mir (?:mehr )?(?:von|uber)\b"),
    (_K.STOCK, None, 1.0, r"\b(?:gibt es|habt ihr|haben sie) (?:die|den|das|es|sie|ihn|diese\w*)\b.{0,20}\bin \w+"),
    (_K.STOCK, None, 1.0, r"\bauf lager\b|\b(?:verfugbar\w*|vorratig\w*|lieferbar|ausverkauft)\b"),
    (_K.COMPARISON, None, 1.0, r"\bvergleich\w*\b|\bunterschied\w* (?:zwischen|von)|\bvs\b|\bwelche\w* (?:ist|sind) (?:besser|gunstiger|leichter|billiger|am besten|warmer)"),
    (_K.PRODUCT_SEARCH, None, 0.8, r"\b(?:ich suche|suche|habt ihr|haben sie|verkauft ihr|verkaufen sie|fuhrt ihr|gibt es|ich brauche|zeig\w* mir|empfehl\w+|empfiehl\w*|geschenk fur|unter \d)\b"),
    (_K.PRODUCT_SEARCH, None, 0.4, r"\b(?:brauche|ich mochte|ich hatte gern\w*)\b"),
    (_K.STOCK, None, 1.0, r"^\W*(?:und )?(?:auch )?in (?:blau|rot|grun|schwarz|weis|grau|gelb|rosa|grose)\w*\b"),
    (_K.PRODUCT_DETAIL, None, 0.7, r"\b(?:ist|sind|hat|kann|passt) (?:es|er|sie|das|diese\w*|die|der)\b|\bwie (?:schwer|gros|gross|lang|breit|hoch|warm|viel (?:wiegt|kostet))\b|\bwas kostet\b|\bwelche (?:grosen?|grossen?|farben?|materialien?)\b|\bwasserdicht\b.{0,5}\?|\bmehr (?:uber|infos|informationen)\b|\bpreis (?:von|fur)\b"),
)  # fmt: skip

_SPANISH: tuple[tuple[IntentKind, Topic | None, float, str], ...] = (
    (_K.GREETING, None, 1.0, r"^\W*(?:hola|buenas|buenos dias|buenas (?:tardes|noches)|que tal)(?:\s+(?:a todos|equipo|que tal))?\W*$"),
    (_K.THANKS, None, 1.0, r"^\W*(?:(?:ok|vale|perfecto|genial|muy bien),?\s+)?(?:muchas |mil )?gracias\b[^?]{0,40}$"),
    (_K.GOODBYE, None, 1.0, r"^\W*(?:adios|hasta (?:luego|pronto|manana)|nos vemos|chao|que tengas? (?:un )?buen dia)\W*$"),
    (_K.HUMAN, None, 1.0, r"\b(?:hablar|contactar|comunicar\w*|llamar|pasar\w*|necesito|quiero)\b.{0,30}\b(?:humano|persona|alguien|agente|asesor\w*|operador\w*|atencion al cliente|representante|encargado)\b|\batencion al cliente\b|\bnumero de telefono\b|\b(?:queja|reclamacion|reclamo)\b|^\W*(?:humano|agente|persona)\W*$"),
    (_K.IDENTITY, None, 1.0, r"\b(?:quien|que) (?:eres|es usted)\b|\b(?:eres|es usted) (?:un |una )?(?:robot|bot|humano|maquina|persona|ia)|\bque (?:puedes|sabes) hacer"),
    (_K.ORDER_STATUS, None, 1.0, r"\bdonde (?:esta|estan|queda) (?:mi|mis|el|la) (?:pedidos?|paquetes?|envio|compra)|\b(?:rastrear|seguimiento|estado|seguir)\b.{0,25}\b(?:pedido|paquete|envio|compra)|\bnumero de (?:seguimiento|rastreo|guia)|\bmi (?:pedido|paquete)\b.{0,30}\b(?:lleg\w*|enviado|entregado|retras\w*)|\bcuando\b.{0,25}\b(?:mi pedido|mi paquete)|\bmis pedidos\b|\bno (?:he recibido|ha llegado|me ha llegado)\b"),
    (_K.ORDER_CHANGE, _T.ORDERING, 1.0, r"\b(?:cancelar|cancelacion|anular)\b|\b(?:cambiar|modificar|corregir)\b.{0,30}\b(?:pedido|direccion)|\bdireccion (?:equivocada|incorrecta)"),
    (_K.POLICY, _T.RETURNS, 0.8, r"\b(?:devolu\w+|devolver\w*|reembols\w+|cambios?)\b"),
    (_K.POLICY, _T.SHIPPING, 0.8, r"\b(?:envios?|enviar|envian|entregas?|entregan|gastos de envio|extranjero|internacional\w*|mensajeria|plazo)\b"),
    (_K.POLICY, _T.PAYMENT, 0.8, r"\b(?:pagos?|pagar|tarjetas?|paypal|facturas?|plazos|transferencia|iva|contra reembolso)\b"),
    (_K.POLICY, _T.ACCOUNT, 0.8, r"\b(?:cuenta|contrasena|registr\w+|iniciar sesion|boletin|newsletter)\b"),
    (_K.POLICY, _T.WARRANTY, 0.9, r"\b(?:garantias?|defectuos\w+|rot[oa]s?|danad[oa]s?)\b"),
    (_K.POLICY, _T.STORE, 0.7, r"\b(?:horarios?|tiendas? fisicas?|sucursal\w*|descuentos?|cupon\w*|promocion\w*|privacidad|tarjeta regalo|condiciones)\b"),
    (_K.POLICY, _T.ORDERING, 0.8, r"\bcomo (?:puedo )?(?:comprar|hacer (?:un )?pedido|pido)\b"),
    (_K.POLICY, _T.STORE, 1.0, r"\bdonde (?:estan|estais|esta) ?(?:ubicad\w+|situad\w+|la tienda|su tienda|vuestra tienda)?\W*$|\btiendas? fisicas?\b|\bvisitar\b.{0,15}\btienda\b|\bsaldo\b|\b(?:tienen|teneis|hay) (?:una )?tienda\b(?! de)"),
    (_K.POLICY, _T.RETURNS, 1.0, r"\b(?:articulo|producto|talla|color|paquete) (?:equivocad\w|incorrect\w|erroneo)\b|\bmi dinero\b|\bno es lo que pedi\b"),
    (_K.COMPARISON, None, 1.0, r"\bmas (?:liger\w+|calid\w+|caliente|abrigad\w+|pesad\w+|grandes?|pequen\w+)\b(?! (?:que|de \d))"),
    (_K.COMPARISON, None, 1.0, r"^\W*(?:y )?(?:el|la|los|las) mas (?:barat|car)[oa]s?\W*$"),
    (_K.PRODUCT_DETAIL, None, 1.0, r"^\W*(?:y )?(?:cuanto (?:cuesta|vale|es)(?: (?:est[eao]|eso|es[eao]))?|(?:cual es )?(?:el|su) precio|que precio tiene)\W*$|\b(?:hablame|cuentame)\b.{0,10}\b(?:de|sobre|del)\b"),
    (_K.STOCK, None, 1.0, r"\ben stock\b|\b(?:disponibles?|disponibilidad|agotad[oa]s?|existencias)\b"),
    (_K.COMPARISON, None, 1.0, r"\bcompar\w+\b|\bdiferencias? entre\b|\bvs\b|\bcual(?:es)? (?:es|son) (?:mejor|mas)"),
    (_K.PRODUCT_SEARCH, None, 0.8, r"\b(?:busco|estoy buscando|buscando|tienen|teneis|tienes|venden|vendeis|muestrame|ensename|recom\w+|regalo para|menos de \d)\b"),
    (_K.PRODUCT_SEARCH, None, 0.4, r"\b(?:necesito|quiero|quisiera)\b"),
    (_K.STOCK, None, 1.0, r"^\W*(?:y )?en (?:azul|roj[oa]|verde|negr[oa]|blanc[oa]|gris|amarillo|rosa|talla)\b"),
    (_K.PRODUCT_DETAIL, None, 0.7, r"\b(?:es|son|tiene|cabe) (?:este|esta|estos|estas|impermeable\w*|resistente\w*)\b|\bcuanto (?:pesa|cuesta|mide|vale)|\bque (?:tallas?|colores|medidas|material)\b|\bde que (?:esta hecho|material)|\bmas informacion (?:sobre|de)|\bprecio de"),
)  # fmt: skip

_BY_LANGUAGE = {"en": _ENGLISH, "fr": _FRENCH, "de": _GERMAN, "es": _SPANISH}


@lru_cache(maxsize=8)
def rules_of(language: str) -> tuple[Rule, ...]:
    """The rules of a language, English ones behind them at a little less weight: people mix."""
    own = _compiled(_BY_LANGUAGE[language], 1.0)
    return own if language == "en" else own + _compiled(_ENGLISH, 0.8)


def _compiled(entries: tuple[tuple[IntentKind, Topic | None, float, str], ...], factor: float) -> tuple[Rule, ...]:
    return tuple(Rule(kind, topic, weight * factor, re.compile(pattern)) for kind, topic, weight, pattern in entries)
