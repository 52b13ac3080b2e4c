"""Lines of business with their codes in Dansk Branchekode 2025 (DB25), and the words that belong to them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """A job as it is asked for: "en tømrer", "to tømrere"."""

    one: str
    many: str


@dataclass(frozen=True, slots=True)
class Industry:
    """A line of business. `weight` is how common it is; `trades` end the companies' names."""

    code: str
    text: str
    weight: int
    trades: tuple[str, ...]
    roles: tuple[Role, ...]


def _roles(*pairs: str) -> tuple[Role, ...]:
    return tuple(Role(*pair.split("/")) for pair in pairs)


_CRAFT = _roles("en lærling/lærlinge", "en arbejdsmand/arbejdsmænd")
_OFFICE = _roles(
    "en bogholder/bogholdere", "en kontorassistent/kontorassistenter", "en receptionist/receptionister"
)
_SHOP = _roles(
    "en butiksassistent/butiksassistenter", "en ungarbejder/ungarbejdere", "en salgselev/salgselever"
)
_KITCHEN = _roles(
    "en kok/kokke", "en tjener/tjenere", "en opvasker/opvaskere", "en køkkenmedhjælper/køkkenmedhjælpere"
)
_STORE = _roles("en lagermedarbejder/lagermedarbejdere", "en truckfører/truckførere", "en pakker/pakkere")
_FACTORY = _roles(
    "en maskinoperatør/maskinoperatører", "en montør/montører", "en lagermedarbejder/lagermedarbejdere"
)
_CARE = _roles(
    "en social- og sundhedshjælper/social- og sundhedshjælpere", "en omsorgsmedhjælper/omsorgsmedhjælpere",
    "en køkkenmedhjælper/køkkenmedhjælpere",
)  # fmt: skip
_SCHOOL = _roles("en pædagogmedhjælper/pædagogmedhjælpere", "en køkkenmedhjælper/køkkenmedhjælpere")
_CLINIC = _roles("en klinikassistent/klinikassistenter", "en lægesekretær/lægesekretærer")
_IT = _roles(
    "en supportmedarbejder/supportmedarbejdere", "en programmør/programmører", "en it-elev/it-elever"
)
_CLEAN = _roles("en serviceassistent/serviceassistenter", "en rengøringsassistent/rengøringsassistenter")
_DRIVE = _roles("en chauffør/chauffører", "en chaufførmedhjælper/chaufførmedhjælpere")
_GARDEN = _roles(
    "en gartner/gartnere", "en anlægsgartner/anlægsgartnere", "en gartnermedhjælper/gartnermedhjælpere"
)

INDUSTRIES = (
    Industry("013000", "Planteformering", 8, ("Planteskole", "Gartneri", "Stauder"), _GARDEN),
    Industry("212000", "Fremstilling af farmaceutiske præparater", 3, ("Pharma", "Biolab"), _FACTORY),
    Industry("255300", "Maskinbearbejdning af metal", 22,
             ("Maskinværksted", "Spåntagning", "Metal", "Smede & Maskin"),
             (*_FACTORY, *_roles("en smed/smede", "en industritekniker/industriteknikere"))),
    Industry("265100", "Fremstilling af måle-, kontrol- og navigationsudstyr", 8, ("Instrument", "Måleteknik"), _FACTORY),
    Industry("310000", "Fremstilling af møbler", 9, ("Møbelsnedkeri", "Møbler", "Inventar"),
             (*_FACTORY, *_roles("en snedker/snedkere"))),
    Industry("325000", "Fremstilling af medicinske og dentale instrumenter", 5, ("Medical", "Dental"), _FACTORY),
    Industry("410000", "Opførelse af bygninger", 34, ("Entreprise", "Byg", "Murer & Entreprenør", "Huse"),
             (*_CRAFT, *_roles("en murer/murere", "en byggeleder/byggeledere"))),
    Industry("432100", "El-installation", 32, ("El", "Elteknik", "El & Automatik", "Installation"),
             (*_CRAFT, *_roles("en elektriker/elektrikere"))),
    Industry("432200", "Installation af vvs-, varme- og klimaanlæg", 30, ("VVS", "VVS & Blik", "Varme", "Rør & Energi"),
             (*_CRAFT, *_roles("en vvs-montør/vvs-montører"))),
    Industry("433200", "Tømrer- og bygningssnedkeraktiviteter", 52,
             ("Tømrerforretning", "Tømrer & Snedker", "Tagdækning", "Byggeservice"),
             (*_CRAFT, *_roles("en tømrer/tømrere"))),
    Industry("433410", "Maleraktiviteter", 28, ("Malerfirma", "Malerservice", "Maling & Facade"),
             (*_CRAFT, *_roles("en maler/malere"))),
    Industry("439100", "Murerarbejde", 22, ("Murerfirma", "Murværk"), (*_CRAFT, *_roles("en murer/murere"))),
    Industry("469000", "Ikke-specialiseret engroshandel", 55, ("Handel", "Import", "Engros", "Agentur"),
             (*_STORE, *_OFFICE, *_roles("en kundeservicemedarbejder/kundeservicemedarbejdere"))),
    Industry("471110", "Detailhandel med kioskvarer", 20, ("Kiosk", "Købmand", "Nærkøb"), _SHOP),
    Industry("477110", "Detailhandel med tøj", 30, ("Tøj", "Mode", "Garderobe"), _SHOP),
    Industry("477410", "Optikeraktiviteter", 8, ("Optik", "Briller"), _SHOP),
    Industry("478100", "Detailhandel med motorkøretøjer", 18, ("Biler", "Autohus"),
             _roles("en mekaniker/mekanikere", "en klargører/klargørere", "en bilsælger/bilsælgere")),
    Industry("494100", "Vejgodstransport", 32, ("Transport", "Vognmandsforretning", "Fragt"), (*_DRIVE, *_STORE)),
    Industry("521000", "Oplagring og lagervirksomhed", 14, ("Lager", "Lager & Logistik", "Pakhus"), _STORE),
    Industry("561110", "Servering af mad i restauranter og caféer", 42, ("Spisehus", "Café", "Kro", "Bistro"), _KITCHEN),
    Industry("561190", "Drift af øvrige spisesteder", 24, ("Pizza & Grill", "Isbar", "Smørrebrød"), _KITCHEN),
    Industry("562100", "Event catering", 12, ("Catering", "Selskabsmad"), _KITCHEN),
    Industry("621000", "Computerprogrammering", 52, ("Software", "Data", "Systemer"), _IT),
    Industry("622000", "Computerkonsulentbistand og forvaltning af computerfaciliteter", 48, ("IT", "IT-rådgivning"), _IT),
    Industry("631000", "IT-infrastruktur, hosting og databehandling", 12, ("Hosting", "Drift"), _IT),
    Industry("682040", "Udlejning af erhvervsejendomme", 60, ("Ejendomme", "Erhvervsudlejning"),
             _roles("en vicevært/viceværter", "en ejendomsservicetekniker/ejendomsserviceteknikere")),
    Industry("691000", "Juridiske aktiviteter", 16, ("Advokater", "Advokatkontor"), _OFFICE),
    Industry("692000", "Bogføring, revision og skatterådgivning", 36, ("Revision", "Regnskab", "Bogføring"), _OFFICE),
    Industry("702000", "Virksomheds- og ledelsesrådgivning", 78, ("Rådgivning", "Consult", "Ledelse"), _OFFICE),
    Industry("711210", "Rådgivende ingeniører (byggeri og anlæg)", 30, ("Ingeniører", "Byggerådgivning"),
             (*_OFFICE, *_roles("en teknisk assistent/tekniske assistenter"))),
    Industry("731110", "Planlægning og design af reklamekampagner", 24, ("Reklame", "Kommunikation"), _OFFICE),
    Industry("750000", "Dyrlægeaktiviteter", 6, ("Dyreklinik", "Dyrlæger"), _CLINIC),
    Industry("782000", "Vikarbureauaktiviteter", 10, ("Vikar", "Bemanding"), (*_STORE, *_CARE)),
    Industry("812100", "Almindelig rengøring i bygninger", 40, ("Rengøring", "Ejendomsservice", "Rent"), _CLEAN),
    Industry("813000", "Landskabspleje", 34, ("Anlægsgartner", "Have & Anlæg", "Grøn Pleje"), _GARDEN),
    Industry("855300", "Køreskoleaktiviteter", 6, ("Køreskole",), _OFFICE),
    Industry("855900", "Anden undervisning i.a.n.", 24, ("Kurser", "Læring"), (*_SCHOOL, *_OFFICE)),
    Industry("862100", "Alment praktiserende lægers aktiviteter", 18, ("Lægehus", "Lægeklinik"), _CLINIC),
    Industry("862300", "Tandlægers aktiviteter", 20, ("Tandklinik", "Tandlæger"), _CLINIC),
    Industry("873000", "Institutionsophold for ældre og personer med fysisk funktionsnedsættelse", 9,
             ("Plejecenter", "Friplejehjem"), _CARE),
    Industry("881000", "Sociale foranstaltninger uden institutionsophold for ældre", 10, ("Hjemmepleje", "Omsorg"), _CARE),
    Industry("889100", "Dagpasning af børn", 16, ("Børnehus", "Skovbørnehave"), _SCHOOL),
    Industry("931300", "Drift af fitnesscentre", 9, ("Fitness", "Træning"), _roles(
        "en receptionist/receptionister", "en instruktør/instruktører")),
    Industry("953190", "Reparation og vedligeholdelse af motorkøretøjer i.a.n.", 34, ("Auto", "Bilværksted", "Autoservice"),
             _roles("en mekaniker/mekanikere", "en mekanikerlærling/mekanikerlærlinge", "en klargører/klargørere")),
    Industry("962100", "Drift af frisør- og barbersaloner", 38, ("Frisør", "Salon", "Klip"),
             _roles("en frisør/frisører", "en frisørelev/frisørelever")),
    Industry("962200", "Skønhedspleje og anden skønhedsbehandling", 18, ("Hudpleje", "Klinik"),
             _roles("en kosmetolog/kosmetologer", "en receptionist/receptionister")),
)  # fmt: skip
WEIGHTS = [industry.weight for industry in INDUSTRIES]
# Where Klar til Start works: the plan of 2026 wants it "på velfærdsområdet" (part 2.4).
WELFARE = ("86", "87", "88")
