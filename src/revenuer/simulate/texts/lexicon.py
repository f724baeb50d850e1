"""Words of forty walks of life, and invented proper names: the vocabulary of the built-in generator."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

__all__ = ["DOMAINS", "Domain", "proper"]


@dataclass(frozen=True, slots=True)
class Domain:
    """One walk of life: its nouns, transitive verbs, adjectives, people and units."""

    name: str
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]
    roles: tuple[str, ...]
    units: tuple[str, ...]


# name: nouns | verbs | adjectives | people | units. An underscore joins words.
_LEXICON: Final = """
cooking: dough yeast broth skillet marinade oven lentils garlic pan whisk crust sauce basil stockpot knife butter recipe stew noodles pickle | knead simmer chop roast season reheat grate freeze glaze | salty crisp tender bitter creamy burnt | cook baker host flatmate | grams cups minutes litres
gardening: tomato seedling compost hedge slug trellis mulch greenhouse soil bulb pruning lawn rose drainage fern pot sprinkler aphid orchard rake | water prune sow transplant mulch graft harvest feed | shady wilted perennial soggy sunny thorny | gardener neighbour allotment_holder botanist | metres weeks litres rows
tax: refund deduction ledger allowance filing invoice receipt payslip threshold audit surcharge pension dividend form withholding depreciation rebate deadline bracket levy | declare deduct file reclaim amend offset report | overdue taxable provisional quarterly joint late | accountant freelancer auditor clerk | percent euros months payments
travel: itinerary visa layover hostel suitcase ferry passport tram booking border museum hike luggage platform souvenir beach guidebook ticket rental cabin | book cancel pack reroute upgrade visit postpone | cheap scenic crowded nonstop rainy remote | traveller guide conductor driver | days kilometres hours nights
fitness: squat treadmill stretch protein kettlebell posture interval recovery marathon knee warmup plank bicycle calorie pulse session yoga sprint routine hamstring | lift stretch jog pace bench train rest | sore flexible intense weekly steady tight | coach runner physio beginner | kilos reps minutes laps
finance: loan mortgage bond coupon portfolio hedge spread broker dividend yield index margin default equity fund ledger liquidity option inflation premium | refinance invest borrow diversify price hedge short | volatile fixed liquid risky annual secured | investor lender analyst treasurer | percent dollars years basis_points
medicine: dosage fever rash inhaler prescription scan blood_test allergy vaccine symptom wound clinic tablet migraine insulin biopsy heartbeat bandage surgery cough | prescribe treat diagnose monitor dress inject | chronic mild acute swollen benign painful | nurse patient surgeon pharmacist | milligrams days doses hours
law: contract clause tenancy lawsuit deposit notice liability witness trademark appeal settlement warranty statute plaintiff verdict custody injunction landlord affidavit licence | sue sign breach terminate appeal enforce void | binding verbal unlawful implied civil pending | lawyer tenant judge notary | days clauses parties copies
physics: pendulum lens magnet orbit photon friction voltage prism isotope vacuum wave spring pulley entropy laser capacitor momentum telescope plasma quark | measure accelerate refract cool ionise suspend derive | elastic charged relativistic thermal inertial linear | physicist student lecturer technician | newtons metres seconds joules
chemistry: acid catalyst solvent beaker polymer titration oxide crystal flask reaction enzyme residue buffer alloy precipitate reagent vapour membrane bond pigment | dissolve heat neutralise distil oxidise filter | volatile aqueous organic saturated inert toxic | chemist assistant supervisor inspector | moles millilitres degrees grams
history: treaty siege dynasty empire charter revolt harbour manuscript guild crown plague parliament canal monastery trade_route census coinage fortress colony chronicle | besiege found abolish crown annex translate | medieval maritime forgotten feudal imperial local | historian archivist queen merchant | years centuries ships towns
music: chord tempo violin melody drum rehearsal amplifier chorus scale bassline score reed tuning octave lyric studio microphone rhythm album cello | tune compose record mix transpose rehearse | minor acoustic catchy loud syncopated slow | singer drummer producer conductor | bars beats tracks semitones
film: scene camera script lens trailer costume edit dialogue storyboard sequel subtitle lighting director set actor montage soundtrack festival budget credit | shoot edit cast light dub rewrite | gritty silent animated overlong black-and-white low-budget | director editor critic extra | takes minutes frames reels
software: endpoint cache thread queue database index parser container migration webhook token schema deadlock pipeline socket latency branch compiler logger payload | deploy refactor debug cache index mock roll_back | asynchronous flaky idempotent legacy nullable nested | developer maintainer tester reviewer | milliseconds megabytes requests rows
networks: router firewall packet subnet gateway switch proxy handshake certificate port resolver tunnel bandwidth cable antenna modem access_point lease mesh beacon | ping route patch block reboot trace | wireless static redundant noisy encrypted slow | admin installer operator customer | megabits hops metres packets
photography: aperture shutter tripod filter negative portrait flash exposure sensor print album darkroom zoom backlight histogram lens_cap landscape crop noise reel | expose crop develop retouch focus bracket | blurry grainy overexposed macro candid wide | photographer model curator client | stops millimetres seconds prints
parenting: nursery nap stroller tantrum homework bedtime diaper playground lunchbox crayon teething sibling screen_time babysitter allowance bicycle story sleepover cough preschool | feed comfort teach bathe praise remind | fussy shy tired playful stubborn curious | mother father toddler teacher | months hours years spoons
pets: kennel leash litter vet collar aquarium feather hamster grooming kibble paw tick parrot carrier harness terrarium fur puppy vaccination cage | groom walk adopt feed deworm train | anxious furry stray elderly hungry playful | breeder owner vet shelter_worker | kilos weeks litres walks
cars: brake clutch gearbox battery tyre exhaust radiator dashboard alternator headlight bumper mileage windscreen engine spark_plug suspension hybrid mechanic towbar fuse | replace align tow charge inspect bleed | rusty noisy electric secondhand leaking automatic | mechanic dealer driver inspector | kilometres litres volts months
housing: boiler leak tile mortgage insulation gutter plaster attic balcony lease renovation socket paint damp window basement chimney radiator permit stair | insulate renovate paint seal plaster rewire | damp draughty furnished noisy spacious cracked | plumber landlord roofer surveyor | square_metres years rooms layers
fashion: hem jacket fabric zipper button seam wool pattern silhouette linen collar lining stitch dress denim boutique runway pleat dye sleeve | sew iron dye alter knit tailor | baggy vintage pleated faded formal waterproof | tailor designer buyer stylist | centimetres pieces sizes metres
agriculture: harvest tractor irrigation barley silo fertiliser pasture herd drought combine orchard seed pesticide fence crop_rotation dairy furrow grain yield wool | plough irrigate spray milk thresh rotate | fertile dry organic infected hilly early | farmer agronomist shepherd vet | hectares tonnes acres bushels
shipping: container pallet customs manifest freight dock forklift parcel tracking_number warehouse courier tariff barcode crane invoice route hold consignment delay broker | ship unload insure track declare palletise | fragile overdue bonded oversized lost express | dispatcher captain customs_officer picker | pallets tonnes days parcels
retail: checkout discount shelf voucher inventory refund loyalty_card mannequin basket barcode supplier markdown receipt storefront return catalogue brand promotion till queue | restock discount return price display order | seasonal sold-out faulty popular overpriced branded | cashier shopper manager supplier | units percent boxes customers
hospitality: reservation buffet menu lobby minibar linen banquet waiter checkout concierge tip suite tasting terrace pillow dishwasher receptionist key_card brunch spa | reserve serve seat upgrade clean cater | vegan noisy five-star family-run overbooked late | guest chef receptionist waiter | nights guests tables rooms
education: syllabus essay lecture rubric semester scholarship textbook quiz seminar laboratory thesis worksheet grade enrolment tutor blackboard exam notebook deadline campus | teach grade enrol revise cite present | remedial optional graded oral weekly bilingual | teacher pupil dean librarian | pages credits weeks points
linguistics: vowel suffix dialect syntax idiom clause pronoun corpus tone loanword verb gender accent tense phoneme script plural stress article particle | conjugate pronounce translate inflect borrow transcribe | formal archaic nasal irregular spoken ambiguous | linguist speaker translator learner | words syllables speakers sounds
literature: stanza narrator plot metaphor sonnet chapter novel villain preface irony rhyme memoir draft translation fable protagonist setting dialogue anthology publisher | narrate publish revise quote review annotate | lyrical unreliable gothic satirical short posthumous | poet editor reader novelist | pages chapters lines editions
sports: penalty referee league goalkeeper relay transfer stadium offside racket tournament coach jersey innings dribble umpire scoreboard serve final injury draft | defend score substitute pass coach tackle | injured unbeaten away offside tactical tied | striker referee fan captain | goals points minutes seasons
games: dice quest dungeon controller leaderboard puzzle card_deck tile boss avatar inventory spell pawn campaign expansion level lobby speedrun strategy token | unlock roll draft respawn shuffle level_up | overpowered cooperative retro turn-based rare buggy | player dungeon_master streamer developer | points turns levels rounds
astronomy: comet nebula telescope eclipse asteroid crater galaxy supernova orbit spectrum rover satellite moon constellation dust_cloud exoplanet meteor observatory mission pulsar | observe launch orbit calibrate map image | dim distant icy retrograde binary lunar | astronomer engineer amateur commander | light-years degrees days kilometres
weather: storm front humidity barometer forecast hail drought gust fog thunder dew cyclone rainfall radar frost heatwave cloud_cover snowpack monsoon breeze | forecast measure warn record model | humid freezing stormy mild coastal overcast | meteorologist sailor pilot resident | degrees millimetres hectopascals knots
energy: turbine inverter grid battery solar_panel boiler meter transformer tariff blackout reactor pipeline heat_pump biomass substation cable storage dam outage blade | install insulate generate charge meter balance | renewable peak faulty offshore idle hybrid | engineer installer regulator tenant | kilowatts megawatts hours volts
construction: scaffold beam concrete crane foundation blueprint brick rebar permit drywall site_plan excavation girder mortar joist elevator facade weld hoist contractor | pour weld inspect demolish reinforce level | load-bearing prefabricated cracked uneven temporary steel | foreman architect welder inspector | metres tonnes floors days
personnel: payroll interview onboarding contract probation appraisal leave vacancy shift resignation reference overtime training policy salary headcount rota pension grievance handover | hire promote interview onboard dismiss schedule | part-time remote sick junior temporary vacant | manager recruiter applicant trainee | days hours employees weeks
marketing: campaign headline newsletter brand survey slogan funnel banner audience click keyword persona launch flyer influencer landing_page logo referral segment budget | launch segment target brand promote test | viral organic seasonal regional stale paid | marketer copywriter subscriber client | clicks percent leads visitors
insurance: claim policy premium deductible adjuster coverage liability beneficiary flood renewal exclusion broker appraisal hail_damage fraud_check theft rider quote payout estimate | insure claim renew assess exclude cancel | comprehensive lapsed void partial uninsured disputed | adjuster policyholder broker witness | euros days percent claims
environment: wetland recycling plastic carbon reef species landfill emission habitat forest river turbine pollution meadow bird glacier conservation bin pollen beaver | recycle restore protect measure replant ban | endangered invasive toxic protected coastal seasonal | ranger volunteer biologist councillor | tonnes hectares species litres
crafts: loom yarn glaze kiln chisel bead sketch canvas varnish clay origami embroidery hinge sandpaper stencil pottery quilt glue dowel easel | knit carve glaze sand weave stitch | handmade rough glossy uneven wooden crooked | potter carpenter weaver beginner | centimetres hours rows coats
civic: ballot council petition mayor referendum permit budget hearing district library bus_line zoning by-law park referee_panel census shelter bridge vote agenda | vote petition appoint fund repeal debate | municipal rural disputed public annual local | councillor voter clerk volunteer | votes euros streets residents
space_at_work: whiteboard standup inbox deadline spreadsheet agenda slide minutes calendar reminder meeting memo stakeholder roadmap template folder backlog handover kickoff milestone | schedule postpone delegate summarise present prioritise | urgent recurring unread vague overdue shared | colleague boss intern client | hours slides meetings days
psychology: memory habit anxiety bias motivation attachment therapy dream attention reward survey empathy journal stressor mindset experiment grief boundary temperament sleep | reinforce observe avoid recall cope_with question | conscious anxious social lasting introverted cognitive | therapist participant friend patient | weeks sessions minutes points
statistics: median sample regression variance survey histogram outlier interval prior quantile correlation cohort bootstrap dataset likelihood residual covariate forecast panel bin | estimate sample impute normalise fit simulate | skewed missing significant biased noisy seasonal | statistician analyst respondent reviewer | percent rows points samples
""".strip()


def _domain(line: str) -> Domain:
    name, _, rest = line.partition(": ")
    parts = [tuple(word.replace("_", " ") for word in part.split()) for part in rest.split("|")]
    return Domain(name, parts[0], parts[1], parts[2], parts[3], parts[4])


DOMAINS: Final[dict[str, Domain]] = {d.name: d for d in map(_domain, _LEXICON.splitlines())}

_ONSETS: Final = tuple("b br c ch d dr f fl g gl h j k kl l m n p pr qu r s sh sk st t th tr v w y z".split())  # noqa: SIM905
_VOWELS: Final = ("a", "e", "i", "o", "u", "ai", "ea", "io", "ou", "y")
_CODAS: Final = ("", "", "", "n", "r", "l", "s", "m", "nd", "rt", "x", "th", "lm", "ck")


def proper(dice: random.Random, syllables: int = 2) -> str:
    """An invented proper name, pronounceable and of no language in particular."""
    parts = [dice.choice(_ONSETS) + dice.choice(_VOWELS) + dice.choice(_CODAS) for _ in range(syllables)]
    return "".join(parts).capitalize()
