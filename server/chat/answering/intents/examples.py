"""Known phrasings of each intent, for the nearest-phrase step. English: the built-in embedder is."""
# ruff: noqa: E501 - lists of phrases

from server.chat.answering.intents.models import IntentKind, Topic

_K, _T = IntentKind, Topic

EXAMPLES: tuple[tuple[IntentKind, Topic | None, str], ...] = (
    (_K.PRODUCT_SEARCH, None, """
I'm looking for a warm jacket|do you sell hiking boots|show me your backpacks|I need a gift for my mother|what laptops do you have
something to keep my drinks cold|a lamp for my desk|can you recommend a good tent for two|best shoes for running|cheapest headphones
waterproof phone case|red dress size M|what would you suggest for dry skin|which one should I choose for back pain|which product is right for me
I want to buy pillows|products|what do you sell|do you carry gluten free snacks|is there anything for a beginner|what is best for weight gain
protein powder|help me choose a mattress|what options do you have|do you have anything for kids|I want to lose weight what should I take"""),
    (_K.PRODUCT_DETAIL, None, """
is it waterproof|how heavy is it|what sizes does it come in|what is it made of|does it come in blue|can I put it in the dishwasher
how long does the battery last|will this fit a 15 inch laptop|does it include a charger|is this suitable for sensitive skin|what are the dimensions
how do I use this product|tell me more about this one|how much does it cost|what is the price|does it have any side effects|is this product original
is this vegetarian|what is the expiry date|how firm is the mattress|how thick is it|can the size be customised|is the cover washable
does it work with a mac|what are the ingredients|which size should I order|is it genuine or fake|how do I know it is authentic"""),
    (_K.COMPARISON, None, """
compare these two|what is the difference between the two models|which one is better|is the pro better than the basic one
how does this compare with other brands|A versus B|which of them is lighter|what makes you different from other brands|compare the first and the second"""),
    (_K.STOCK, None, """
is this in stock|do you have it in size 9|is the blue one available|when will it be back in stock|how many are left|it says out of stock
is it sold out|can I still get the large one|availability of this item"""),
    (_K.POLICY, _T.RETURNS, """
what is your return policy|how long do I have to return something|can I get my money back|how do I exchange an item for another size
who pays for return shipping|I want a refund|when will I get my refund|can I send it back if it does not fit|I received the wrong item
the item arrived damaged, I want a replacement|can I return a sale item|has my refund been processed|check the status of my refund"""),
    (_K.POLICY, _T.SHIPPING, """
how long does delivery take|how much is shipping|do you ship internationally|do you deliver to my area|what are the delivery options
is there express shipping|can you deliver to this pin code|do you deliver on weekends|which courier do you use|delivery charges
can I pick up my order in the store|are you delivering right now|how fast can I have it|shipping time to Canada"""),
    (_K.POLICY, _T.PAYMENT, """
which payment methods do you accept|can I pay in installments|is cash on delivery available|my payment failed|can I get an invoice
I was charged twice|do you take paypal|is there an EMI option|I need a copy of my bill|how can I pay|is it safe to pay by card"""),
    (_K.POLICY, _T.ACCOUNT, """
I forgot my password|how do I create an account|I cannot log in|delete my account|how do I change my email address|subscribe to the newsletter
sign up|registration does not work|how do I update my profile|switch to another account"""),
    (_K.POLICY, _T.WARRANTY, """
what does the warranty cover|how long is the guarantee|my product broke after a month|is there a warranty|how do I claim warranty"""),
    (_K.POLICY, _T.STORE, """
what are your opening hours|where is your store|do you have a physical shop|is there a discount code|any offers going on|do you have a sale
I want to become a distributor|do you offer franchises|what happens to my personal data|do you do gift wrapping|can I try it first
is there a trial period|do you price match|refer a friend|where can I see it in person|who owns this company|do you offer wholesale prices"""),
    (_K.POLICY, _T.ORDERING, """
how do I place an order|how can I buy this|I want to order, how does it work|can I order by phone|are you taking orders|help me check out"""),
    (_K.ORDER_STATUS, None, """
where is my order|track my package|has my order shipped|when will my parcel arrive|I have not received my delivery yet|what is the status of my order
my order is late|where is my stuff|tracking number please|it has been two weeks and nothing came|order details|why is my order delayed"""),
    (_K.ORDER_CHANGE, _T.ORDERING, """
cancel my order|I want to change my order|I entered the wrong address|please add one more item to my order|how do I cancel
change the delivery address|can I swap an item in my order|remove an item from my purchase|I ordered by mistake"""),
    (_K.HUMAN, None, """
I want to talk to a person|connect me to an agent|can someone call me|customer service phone number|I want to make a complaint
let me speak to your manager|live chat with support|this is not helping, get me a human|I need to contact customer support|please call me back"""),
    (_K.GREETING, None, "hi|hello there|good morning|hey"),
    (_K.THANKS, None, "thanks|thank you very much|great, that helps|perfect, thank you"),
    (_K.GOODBYE, None, "bye|see you later|have a nice day"),
    (_K.IDENTITY, None, """
who are you|are you a robot|what can you do|what is your name|am I talking to a human|are you an AI|how can you help me|who made you"""),
    (_K.OFF_TOPIC, None, """
what is the capital of France|tell me a joke|who won the football match|what's the weather like tomorrow|write me a poem|how old is the president
what is the square root of 81|translate this sentence into Spanish|who will win the election|what should I cook for dinner|play some music
do you love me|what is the meaning of life|write a python function|set an alarm for seven|book me a flight to Rome|how do I fix my car
what's my horoscope|how far is the moon|recommend a movie|what is the stock market doing today|why is the sky blue|how do you spell rhythm
turn off the lights|when was the second world war|how do I file my taxes|what is bitcoin worth|tell me about quantum physics|sing me a song
should I break up with my boyfriend|how many calories are in an apple|give me stock tips|what time is it in Tokyo|remind me to call mom
how do I get a job|what does this word mean|who wrote Hamlet|solve this equation|what is on tv tonight|call my wife|is there traffic on the road"""),
)  # fmt: skip


def example_phrases() -> list[tuple[IntentKind, Topic | None, str]]:
    """One row per phrase."""
    return [
        (kind, topic, phrase)
        for kind, topic, text in EXAMPLES
        for line in text.strip().splitlines()
        for phrase in line.split("|")
    ]
