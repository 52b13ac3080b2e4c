"""What consultants write, in pieces: topics from the plan of 2026, never a citizen, never an illness.

`{people}` is who is sought ("en kok", "to kokke"), `{one}` and `{many}` the job in singular and plural.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm.requests.models import RequestKind


@dataclass(frozen=True, slots=True)
class Topic:
    """Everything to be said about one kind of request."""

    weight: int
    titles: tuple[str, ...]
    asked: tuple[str, ...]
    talked: tuple[str, ...]
    following: tuple[str, ...]
    solved: tuple[str, ...]
    unsolved: tuple[str, ...]
    promises: tuple[str, ...]
    counted: bool = False


TOPICS: dict[RequestKind, Topic] = {
    RequestKind.RECRUITMENT: Topic(
        34,
        ("Søger {people}", "Rekruttering: {people}", "Mangler {people} hurtigst muligt", "{people} fra næste måned"),
        ("De søger {people} og vil gerne have kandidater at vælge imellem.",
         "Travlt for tiden, så de mangler {people}. Ordrebogen er fyldt to måneder frem.",
         "En medarbejder har sagt op, og de søger derfor {people}.",
         "De har slået en stilling op som {one} uden held og vil høre, om vi kender nogen.",
         "Søger {people}. Erfaring er fint, men lyst til at møde og lære faget er vigtigere."),
        ("Vendte behovet det næste halve år. De regner med at ansætte {many} til foråret.",
         "De fandt selv den sidste, men vil gerne se vores kandidater, næste gang de søger {many}.",
         "Talte om, hvad der skal til, for at nye {many} bliver: en fast makker den første måned gør forskellen.",
         "De vil gerne have os med tidligere, næste gang der skal ansættes."),
        ("Jeg sender to-tre profiler i denne uge.", "Vi aftalte en kort samtale med mulige kandidater hos dem.",
         "Stillingen er 37 timer, men 25-30 kan også gå.", "Kørekort er et krav, resten kan læres.",
         "De vil gerne begynde med to ugers praktik.", "Jeg har hjulpet med ordlyden i opslaget."),
        ("Kandidat ansat i ordinært job", "Ansat efter to ugers praktik", "To til samtale, en ansat på deltid",
         "Fandt en god kandidat og blev glade for den hurtige hjælp"),
        ("Ingen ledige med de rette kvalifikationer lige nu", "Arbejdstiderne passede ikke kandidaterne",
         "Transporten til arbejdspladsen var for besværlig"),
        ("Send profiler på {many}", "Hør, hvordan samtalerne gik", "Følg op på stillingen som {one}",
         "Ring og hør, om den nye er faldet til"),
        counted=True,
    ),
    RequestKind.RETENTION: Topic(
        22,
        ("Fastholdelse: 1 medarbejder på nedsat tid", "Hjælp til fastholdelse af en medarbejder",
         "Gradvis tilbagevenden: 1 medarbejder", "Råd om fastholdelse, 2 medarbejdere"),
        ("De vil gerne fastholde en dygtig medarbejder, som har svært ved 37 timer om ugen.",
         "Spørger, hvad de kan gøre, når en medarbejder skal gradvist tilbage på fuld tid.",
         "Leder ønsker sparring før en samtale om fravær. Vi gennemgik forløbet trin for trin.",
         "Vil høre om hjælpemidler og personlig assistance, så en medarbejder kan blive i sit job."),
        ("Talte om tidlig kontakt: de ringer nu til os allerede i den første uge og ikke efter to måneder.",
         "Gennemgik, hvornår en rundbordssamtale giver mening, og hvem der bør være med.",
         "De har gode erfaringer med lettere opgaver en periode og vil gøre det fast.",
         "Fraværet er faldet siden sidst. De holder fast i de korte samtaler hver fjortende dag."),
        ("Vi holder en rundbordssamtale hos dem.", "Sendte materiale om delvis raskmelding og § 56.",
         "Sagen selv ligger i fagsystemet.", "De skriver en plan for timer og opgaver de næste otte uger.",
         "Lederen taler med medarbejderen først og vender tilbage."),
        ("Plan for gradvis optrapning er lagt", "Medarbejderen er tilbage på fuld tid", "Hjælpemidler er bevilget",
         "Opgaverne er tilpasset, og medarbejderen bliver"),
        ("Parterne fandt ikke en løsning", "Medarbejderen valgte at stoppe"),
        ("Hør, hvordan planen går", "Ring efter rundbordssamtalen", "Aftal opfølgning på timetallet"),
    ),
    RequestKind.GUIDANCE: Topic(
        14,
        ("Hjælp til en blanket", "Vejledning om refusion", "Spørgsmål om løntilskud", "Spørgsmål om § 56-aftale"),
        ("Spørgsmål til en blanket om refusion. Vi udfyldte den sammen i telefonen.",
         "Vil vide, hvilke regler der gælder for løntilskud efter reformen.",
         "I tvivl om fristen for at anmelde fravær. Sendte en kort vejledning.",
         "Ny i personaleansvaret og vil have overblik over ordningerne."),
        ("Gennemgik de ordninger, der findes nu, og dem, der er afskaffet med reformen.",
         "Viste, hvor blanketterne ligger, og hvem de ringer til, hvis noget driller."),
        ("Sendte link og en kort mail bagefter.", "De ringer, hvis der bliver mere.",
         "Lovede at vende tilbage med svar fra refusionsteamet."),
        ("Besvaret i telefonen", "Blanketten er udfyldt og sendt", "Vejledning sendt på mail"),
        ("Spørgsmålet hører til hos en anden myndighed",),
        ("Vend tilbage med svar om refusion", "Hør, om blanketten gik igennem"),
    ),
    RequestKind.AFTER_SCHOOL_JOB: Topic(
        9,
        ("Fritidsjob til en ung", "Fritidsjob: to unge efter skoletid", "Ungarbejdere til weekenden"),
        ("Kan tage unge i fritidsjob efter skoletid og i weekenden.",
         "Tilbyder et fritidsjob et par eftermiddage om ugen, fra 15 år.",
         "Vil gerne give en ung chancen, som ikke selv ville finde et fritidsjob."),
        ("Talte om, hvordan en ung får en god start: en fast voksen og korte vagter.",
         "De unge fra sidste år er blevet. De vil gerne tage én mere efter ferien."),
        ("Koordinerer med ungeteamet.", "Vagterne er to gange tre timer om ugen.",
         "De giver selv en times introduktion.", "Vi aftalte et kort besøg med den unge."),
        ("Ung startet i fritidsjob", "To unge er i gang", "Aftalt fast vagt hver lørdag"),
        ("Ingen unge kunne på de tider",),
        ("Hør, hvordan den unge er kommet i gang", "Find en ung til eftermiddagsvagten"),
        counted=True,
    ),
    RequestKind.WORK_PLACEMENT: Topic(
        8,
        ("Praktikplads som {one}", "Virksomhedspraktik, 1 plads", "Job med løntilskud som {one}"),
        ("Tilbyder en praktikplads som {one} i fire uger.", "Vil gerne prøve en kandidat af i praktik først.",
         "Har plads til én i løntilskud og spørger til de nye regler."),
        ("Gennemgik praktikpladsen og opgaverne. Der er tid til oplæring om formiddagen.",
         "Praktikken gik godt, og de overvejer at ansætte."),
        ("Ansøgningen sendes i VITAS.", "Vi mødes på arbejdspladsen, inden det går i gang.",
         "De har en mentor klar."),
        ("Praktik aftalt", "Praktikken blev til et job", "Løntilskud bevilget"),
        ("Rimelighedskravet kunne ikke opfyldes", "Kandidaten takkede nej"),
        ("Besøg praktikpladsen", "Hør, om praktikken kan blive til timer med løn"),
        counted=True,
    ),
    RequestKind.ONBOARDING: Topic(
        4,
        ("Onboarding af ny medarbejder", "Hjælp til en god start"),
        ("Ny medarbejder med særlige behov begynder snart. De vil gerne klæde kollegerne på.",
         "Ønsker en plan for de første fire uger og en, de kan ringe til."),
        ("Vi lagde en plan for de første uger med korte samtaler hver fredag.",),
        ("Jeg kommer forbi på førstedagen.", "Kollegerne får en halv times introduktion."),
        ("Planen er fulgt, og starten gik godt", "Kollegerne er klædt på"),
        ("Ansættelsen blev ikke til noget",),
        ("Ring efter den første uge",),
    ),
    RequestKind.INCLUSION: Topic(
        3,
        ("Vejledning om socialt ansvar", "Hvordan kommer vi i gang med småjob?"),
        ("Vil gerne tage et større socialt ansvar, men ved ikke, hvor de skal begynde.",
         "Overvejer at oprette nogle få småjob på 8-10 timer om ugen."),
        ("Talte om Code of Care og om virksomheder, der ligner dem selv.",),
        ("Inviteret til næste netværksmøde.", "Jeg sender eksempler på småjob fra andre."),
        ("To småjob er beskrevet", "Er kommet med i netværket"),
        ("Ledelsen har udsat det til næste år",),
        ("Send invitation til netværksmødet",),
    ),
    RequestKind.STRESS_COURSE: Topic(
        3,
        ("Stresskursus for ledere", "Kursus i stresshåndtering for et team"),
        ("Flere har været pressede i år. De spørger til et kursus for ledere og medarbejdere.",
         "Vil forebygge og ønsker et oplæg på et personalemøde."),
        ("Gennemgik kurset og datoerne. De kan stille et lokale til rådighed.",),
        ("Reserveret pladser på næste hold.", "De vender tilbage med antal deltagere."),
        ("Kursus holdt, god respons", "Tilmeldt næste hold"),
        ("Datoerne passede ikke",),
        ("Bekræft antal deltagere", "Hør, hvad de fik ud af kurset"),
    ),
    RequestKind.JOB_FAIR: Topic(
        2,
        ("Deltagelse i jobmesse", "Stand på jobmessen"),
        ("Vil gerne have en stand på den næste jobmesse.", "To jobmesser om året ville passe dem godt."),
        ("De var glade for messen og talte med flere relevante kandidater.",),
        ("Sender praktiske oplysninger.", "De tager to kolleger med."),
        ("Tilmeldt jobmessen", "Deltog og fik tre gode samtaler"),
        ("Kan ikke den dag",),
        ("Send program for jobmessen",),
    ),
    RequestKind.IPS: Topic(
        1,
        ("Job med støtte, få timer", "Lønnede timer med støtte"),
        ("Kan tilbyde få lønnede timer om ugen med støtte fra en af vores konsulenter.",),
        ("Timerne er sat op til ti om ugen, og det går godt.",),
        ("IPS-konsulenten tager kontakt.",),
        ("Begyndt på seks timer om ugen",),
        ("Opgaverne passede ikke",),
        ("Hør, om timetallet kan sættes op",),
    ),
}  # fmt: skip

GREETINGS = (
    "Hilste på og fortalte om den ene indgang. De var glade for at få et navn og et direkte nummer.",
    "Kort opkald for at holde kontakten. Alt vel, intet behov lige nu.",
    "Rundvisning i huset. Travl arbejdsplads med god tone og plads til forskellige mennesker.",
    "De kendte ikke til fritidsjobordningen. Det vil de tale om på næste ledermøde.",
    "God snak om, hvordan kommunen kan være hurtigere. De lægger vægt på én fast person og svar samme dag.",
    "Fortalte om netværket for virksomheder og om de kommende arrangementer.",
    "Spurgte til, hvordan det går efter sommeren. Fuldt bemandet og godt med ordrer.",
    "De har fået ny leder. Aftalte et besøg, så vi kan se stedet.",
)
MISSED = (
    "Fik ikke fat i dem, lagde en besked.",
    "Optaget. Prøver igen i morgen.",
    "Ringede, men de er på ferie.",
)
NOTES = (
    "Bedst at ringe mellem 9 og 10. Om eftermiddagen er de ude hos kunder.",
    "Har udvidet og bruger nu også den bageste hal.",
    "Vil helst have mails. Svarer altid samme dag.",
    "Nævnt i lokalavisen for at tage unge ind.",
    "Ny parkering bag bygningen, brug indgangen mod nord.",
    "Kantinen kan bruges til et lille møde. Spørg i receptionen.",
)
NEEDS = (
    "Søger jævnligt {many}. Størst behov i foråret.",
    "Mangler folk til spidsbelastninger og ferieafløsning.",
    "Få udskiftninger, men vil gerne have hjælp, når det sker.",
    "Vokser og regner med at ansætte 3-4 om året.",
)
PROFILES = (
    "Mødestabile folk med lyst til at lære. Faget kan læres her.",
    "{one} med erfaring, gerne over 50.",
    "Unge, der vil i lære, også dem, der ikke er helt klar endnu.",
    "Folk på deltid, 15-25 timer om ugen.",
)
FRAMES = (
    "Møder 7-15. Bus fra stationen hvert kvarter. Tunge løft kan undgås.",
    "Åbent alle ugens dage, vagter lægges fire uger frem. Gode muligheder for korte vagter.",
    "Støjende omgivelser, men et roligt hjørne til pakkearbejde. Dansk på hverdagsniveau er nok.",
    "Kontor med fleksible mødetider. Mulighed for hjemmearbejde to dage om ugen.",
    "Kørekort nødvendigt. Makker på alle opgaver de første måneder.",
)
WITHDRAWN = ("Virksomheden fandt selv en løsning", "Behovet faldt væk", "De har sat det på pause")
MISSING = "Afventer oplysninger fra virksomheden"
