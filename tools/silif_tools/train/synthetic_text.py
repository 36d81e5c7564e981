# ruff: noqa: SIM905
"""Sentences and single words for the synthesizers: English that holds none of the commands, by a small grammar."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

WORD_LIST = Path("/usr/share/dict/american-english")  # of Debian's `wamerican`
COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
HOMOPHONES = ("know", "write", "rite", "wright", "knows", "writes")

NAMES = """Anna Peter Maria David Susan Michael Laura Thomas Julia Robert Emma Daniel Sarah Kevin Alice George Helen
Martin Rachel Simon Diana Oscar Nora Victor Ruth Leon Iris Felix Clara Hugo""".split()
NOUNS = """house garden window kitchen table letter doctor teacher river mountain morning evening weather music picture
story market office engine bottle ticket station village island forest summer winter holiday question answer problem
number paper coffee butter sugar water bread apple orange banana dinner breakfast supper cheese chicken pepper soup
bicycle airplane tractor hammer needle button pocket jacket blanket pillow candle mirror carpet ladder bucket basket
camera computer keyboard printer battery speaker radio television telephone message password calendar meeting project
newspaper magazine library museum theatre hospital factory harbour bridge tunnel corner neighbour brother sister mother
father uncle cousin baby children people friend captain soldier farmer baker painter writer singer player winner
rabbit horse monkey tiger spider butterfly elephant sheep goat duck goose pigeon snake turtle
snow stone boat coat road rope smoke nose note gold toast cup jug mud sun bus duck luck drum thumb town crown cloud
mouse south lift gift leaf shelf chef leg egg bed net light night kite bike rice knife sock shop clock box dog cough
cloth sauce horse law door chess desk vest belt neck yard yacht yellow jelly""".split()
ADJECTIVES = """big small little old young new tall short heavy easy difficult early quiet noisy clean dirty empty full
hungry thirsty happy angry careful beautiful wonderful terrible expensive cheap famous ordinary strange modern ancient
green purple silver golden wooden metal plastic broken frozen warm cool bitter sweet salty narrow wide deep shallow
lazy gentle nervous curious simple secret private public national eastern western""".split()
VERBS = """opened closed carried painted cleaned repaired borrowed bought found remembered forgot described followed
visited discovered imagined delivered finished received collected counted measured covered gathered moved noticed
offered ordered prepared preferred promised protected pushed pulled reached removed returned saved selected shared
touched watched wanted washed""".split()
PLACES = """at home, in the city, behind the church, near the lake, under the bridge, at school, in the basement, across
the street, beside the fire, by the sea, inside the castle, around the corner, in front of the bank, at the airport,
between the trees, above the clouds, along the beach, in Paris, in London, through the valley""".replace(
    "\n", " "
).split(", ")
TIMES = """yesterday, tomorrow, last week, every morning, in the evening, before lunch, after dinner, at midnight, next
summer, two years ago, at nine thirty, in an hour, all day long, once a month, at the weekend, this afternoon, in
September, for seven minutes, since Tuesday, at half past eight""".replace("\n", " ").split(", ")
DRINKS = """latte, cappuccino, espresso, mocha, americano, flat white, iced coffee, green tea, hot chocolate, macchiato,
lemonade, orange juice""".replace("\n", " ").split(", ")
EXTRAS = """oat milk, soy milk, whipped cream, caramel sauce, brown sugar, vanilla syrup, an extra shot, cinnamon,
foam, two sugars, skimmed milk, hazelnut, almond milk, honey""".replace("\n", " ").split(", ")
SIZES = "small medium large double triple single regular".split()
# Single words, many of them near a command in sound: what a detector must learn to leave alone.
NEAR = """yet yell yesterday less guess chess mess dress press bless ness yak yeah yen jess note nose noon snow slow
nope nod noble nor new now knee near nobody noise north cup pup upper uncle under other cut but hub tub shut
bus us enough supper puppy town dawn noun brown crown gown drown clown ground round sound doubt dance done
dine den dim don't lift leaf let laugh loft lest lend less love leg level lefty lecture loved theft light
ride night bright white rice rhyme ripe wide ride ryan rat root riot tight fight kite own an in one won and
aunt honest only onion orange John gone dawn awn awning often office of cough soft loft law awful author
auto ought all often cloth offer stock top step shop stuff star stomp start store storm state stay steep
stub stump step stack spot slop goat gold grow bow toe glow got goal gone ghost bowl coat code grew girl
good give gate hello marvin sheila bird cat dog happy house tree wow bed zero one two three four five six
seven eight nine alexa computer jarvis hello please sorry thanks okay okey what when where why who maybe
never always again sure fine play pause next volume lights music timer weather open close louder quiet
cancel hey look wait listen back forward follow learn visual backward""".split()
# Near a command by espeak-ng's phonemes: one sound apart, or two where it has four, or with all of its sounds at the
# beginning or end; not the same sound, and no compound of the command itself ("takeoff").
BY_SOUND = """chess less mess yeah yell yen yep yeps yest yet yesteryear yesterdays yeshiva use yessing beau bow doe
dough foe gnaw gnome ho hoe knee knew knoll known lo low mo mow nay near neigh nigh node noes nope nor nose note now
nu oh ow owe rho roe row sew show snow so sough sow tho though toe tow whoa woe yo noblewoman notarize notion nosey
kimono neutrino nowise nobodies piano casino volcano domino ape app cup of op pup sup ugh uh um ump upped ups us yup
uproar upheaval chirrup syrup uppity darn dawn dean deign den din dine done doubt dour douse dowel downed downer
downy drown dun dune gown noun town tumble cleft deft heft laughed leafed leapt leftie lent lept lest let lift
loafed loft weft last oft tuft hoofed vent length cent lust pelt lit fetched pet leather slept chest leaked bent
loaf lens met belt bight bite bright byte cite fight fright height kite knight light lite might mite night nite rat
rate rhyme rice riced ride rife ripe rise root rot rote rout route rut rye sight site tight trite white wight writhe
wrote wry sprite pyrite all an aught auk aw awe awed awl dawn earn faun fawn gnawn gone in inn iron lawn ought own
pawn sawn urn yawn overdrawn prawn awning redrawn drawn brawn anon spawn withdrawn awful cough if oaf offal offer
oft scoff trough atop slop sop steep step steppe stock stomp stoop strop swap swop top stove scope chop stooge steel
spa soppy prop slog snipe tape steer strep slip slot store taupe lop sump storm scotch stair steed state stile stork
steeple stole snoop sot soap sloth ago beaux ego ergo gauche gay gear glow goad goal goes goo gore grow guy amigo
goldfish mango dingo largo outgo bingo virago gofer goatherd cargo indigo vertigo""".split()
NEAR = list(dict.fromkeys([*NEAR, *BY_SOUND]))
# Short prompts and names; those of the development streams are others, below.
SHORT = """voice mail, new message, dial tone, wrong number, operator, please try later, thank you for calling,
hello there, good evening, one two three, zero nine, volume, brightness, temperature, living room, bedroom,
bathroom, ceiling lamp, curtains, thermostat, channel seven, previous song, next track, increase, decrease, what
time is it, how are you, sure, never mind, wait a second, come here, look at that, well done, I see, of course,
maybe later, excuse me, help, camera, record video, take a picture, call home, send message, open window, close
window, lock, armed, alarm, warning, battery low, connected, pairing, welcome, second, fourth, sixth, seventh,
eighth, ninth, tenth, eleven, twelve, thirteen, twenty, ninety, million, billion, January, February, March, August,
September, October, November, December, Wednesday, Saturday, november golf, sierra, charlie, juliet, mike, letter,
dollar, percent, equals, slash, colon, comma, parking, ringing, transfer, recording, participant, administrator,
directory, pizza, salad, tomato, potato, radio, studio, video, audio, piano, casino, stereo, pony, honey, money,
sunny, donkey, monkey""".replace("\n", " ").split(", ")
MORE_NAMES = """Angelo, Carlo, Diego, Rodrigo, Santiago, Ringo, Milo, Arlo, Romeo, Mateo, Bo, Flo, Jo, Mo, Beau,
Gino, Nina, Nora, Nola, Naomi, Nolan, Norris, Norbert, Ana, Ian, Shawn, Sean, Vaughn, Yvette, Yasmin, Jess, Russ,
Gus, Curtis, Stella, Stan, Steve, Stuart, Christopher, Geoffrey, Clifford, Leif, Leopold, Lefteris, Lev, Rhett,
Ryder, Wyatt, Wade, Dwayne, Duncan, Dennis, Dan, Donna, Dora, Upton, Abby, Gabby, Bobby, Philip, Sophie, Sonia,
Tonia, Victoria, Gloria""".replace("\n", " ").split(", ")
# Names and short prompts of the development streams, as devices say and hear them: no training says them.
KEPT_NAMES = """Amelia, Sophia, Olivia, Mia, Lydia, Claudia, Antonia, Cecilia, Virginia, Georgia, Valeria, Fabio, Leo,
Theo, Hugh, Otto, Nico, Marco, Paolo, Margot, Noel, Noah, Norman, Joan, Yvonne, Ron, Don, Lon, Bruno, Gordon, Jonas,
Joe, Jeff, Geoff, Josh, Scott, Todd, Bob, Rob, Wes, Tess, Bess, Jessica, Lester, Esther, Dwight, Brian, Lyle, Kyle,
Heidi, Levi, Clive, Olaf, Gustav, Christoph, Adolph, Duff, Huff, Buddy, Rupert, Topaz, Poppy""".replace(
    "\n", " "
).split(", ")
KEPT_PROMPTS = """mailbox, hash, pound, asterisk, area code, extension, please hold, thank you, goodbye, one moment,
enter your password, you have new messages, press the star key, unavailable, busy, after the tone, conference,
muted, your position, today, tonight, Sunday, Monday, Tuesday, Thursday, Friday, April, May, June, first, third,
fifth, hundred, thousand, alpha, bravo, delta, echo, foxtrot, golf, hotel, india, kilo, lima, papa, quebec, tango,
uniform, whiskey, x-ray, zulu, restart, reset, record, shuffle, unmute, brighter, warmer, colder, unlock, dismiss,
snooze, repeat, reply, archive, favourite, home, awesome, alright, income, gopher, lofty, toffee, officer, opposite,
couple, puppet, nowhere, noted, notice, jester, bereft, daunting, account, stopper, stocking, copper, shopping,
laptop, desktop""".replace("\n", " ").split(", ")


def _sentence(rng: np.random.Generator) -> str:
    def one(words):
        return words[rng.integers(len(words))]

    n, a, v, p, t, who = (lambda w=w: one(w) for w in (NOUNS, ADJECTIVES, VERBS, PLACES, TIMES, NAMES))
    shapes = (
        lambda: f"{who()} {v()} the {a()} {n()} {p()}.",
        lambda: f"{t()} {who()} and {who()} {v()} a {n()} {p()}.",
        lambda: f"Can I get a {one(SIZES)} {one(DRINKS)} with {one(EXTRAS)} and {one(EXTRAS)}, please?",
        lambda: f"I would like a {one(SIZES)} {one(DRINKS)} with {one(EXTRAS)}.",
        lambda: f"Could you make me a {one(DRINKS)}, {one(EXTRAS)}, and a {one(SIZES)} {one(DRINKS)}?",
        lambda: f"The {n()} was {a()}, but the {n()} {p()} is {a()} and {a()}.",
        lambda: f"Why has {who()} {v()} every {n()} {t()}?",
        lambda: f"There are {one(['two', 'three', 'four', 'seven', 'forty', 'many', 'few'])} {a()} {n()}s {p()}.",
        lambda: f"My {n()} is {a()}, your {n()} is {a()}.",
        lambda: f"When the {n()} came, {who()} {v()} the {n()}, the {n()} and the {n()}.",
        lambda: f"Please ask {who()} about the {n()} {t()}.",
        lambda: f"What is the weather like {p()} {t()}?",
        lambda: f"Set a timer for {one(['five', 'ten', 'twenty', 'ninety'])} minutes and play some {a()} music.",
        lambda: f"Nobody {v()} it, because a {a()} {n()} was there.",
        lambda: f"{n()}, {n()}, {n()}, {n()}.",
        lambda: f"{one(NEAR)}. {one(NEAR)}. {one(NEAR)}.",
        lambda: f"{one(SHORT)}.",
        lambda: f"{one(SHORT)}, {one(SHORT)}.",
        lambda: f"{one(MORE_NAMES)}.",
        lambda: f"Hello {one(MORE_NAMES)}, this is {one(MORE_NAMES)}.",
        lambda: f"Hey {one(['computer', 'jarvis', 'alexa', 'snowboy', 'robot'])}, show me the {n()} {p()}.",
        lambda: f"{who()} said that {n()} and {n()} cost {one(['six', 'eleven', 'thirty', 'sixty'])} dollars {t()}.",
    )  # fmt: skip
    return one(shapes)()


def clean(text: str) -> bool:
    """Whether a text holds no command and nothing that sounds the same."""
    words = "".join(c if c.isalpha() or c == "'" else " " for c in text.lower()).split()
    return not set(words) & {*COMMANDS, *HOMOPHONES}


def any_sentences(count: int, seed: int, kept: Callable[[str], bool]) -> list[str]:
    """So many of the grammar's sentences that may be kept."""
    rng = np.random.default_rng([seed, 5])
    found: list[str] = []
    while len(found) < count:
        text = _sentence(rng)
        if kept(text):
            found.append(text)
    return found


def listed(words: Sequence[str], count: int, seed: int) -> list[str]:
    """So many short words of a list, or all if there are fewer: none is a command, sounds like one or is one with an
    ending, and none belongs to what is kept for the development streams."""
    kept = {word for text in (*KEPT_NAMES, *KEPT_PROMPTS) for word in text.lower().split()}
    holds = re.compile("(down|left|right|stop).*|(yes|no|up|on|off|go)(s|es|ed|ing)?")
    found = [
        word
        for word in words
        if re.fullmatch("[a-z]{2,6}", word) and clean(word) and word not in kept and not holds.fullmatch(word)
    ]
    order = np.random.default_rng([seed, 7]).permutation(len(found))
    return [found[k] for k in order[:count]]


def sentences(count: int, seed: int) -> list[str]:
    """Sentences without a command."""
    return any_sentences(count, seed, clean)
