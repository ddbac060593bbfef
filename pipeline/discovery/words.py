"""What columns and tables are called in practice: English, Danish, and the names of common business systems.

The patterns are for names as `names.squashed` makes them: lower case, no marks, æøå as ae, oe, aa.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ID = r"(id|no|nr|num|number|nummer|code|kode|key|guid|uuid|ref)?"
_AT = r"(date|dato|day|dt|ts|time|at|on|datetime|timestamp|tidspunkt|tid|den)?"
_UNIT = r"(amount|value|eur|usd|gbp|dkk|sek|nok|kr)*"

ACCOUNT = (
    rf"(account|customer|client|company|organi[sz]ation|tenant|kunde|debitor){_ID}",
    rf"(cust|org|debtor|buyer|household|workspace|koeber|virksomheds?|firma|konto|kundekonto){_ID}",
    r"kunnr|kunag|soldto(party)?|parentcustomerid|customeridvalue|associatedcompanyid|sfaccountid",
    rf"(member|subscriber|medlems?|cvr){_ID}|billto(party)?|shipto(party)?",
    rf"(user|bruger|partner){_ID}",
)
"""Columns that hold the account, the surest first."""

COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "accounts": {
        "name": (
            r"(account|customer|client|company|organi[sz]ation|firma|kunde|virksomheds?|debitor)(name|navn)",
            r"name|navn|name1|firma|company|virksomhed|legalname|displayname",
        ),
        "opened_at": (
            rf"(signup|signedup|customersince|kundesiden|onboarded|onboarding|joined|opened|registered){_AT}",
            rf"(registration|registrerings?|oprettelses|oprettet|created|creation|firstorder|start|erdat){_AT}",
        ),
        "account_manager": (
            r"(account|key|customer|kam|sales)*(manager|ansvarlig|owner|executive)(name|navn|id)?",
            r"(kundeansvarlig|saelger|salesrep|salesperson|csm|am|rep|ownerid|owner|vkgrp|account ?rep)(name|navn|id)?",
        ),
        "team": (r"(sales|salgs|account|customersuccess)?(team|afdeling|department)(name|navn)?",),
        "segment": (
            r"(customer|account|kunde)?segment(name|navn)?",
            r"(plan)?tier|(customer|account|company|kunde|firma)(type|size|class|gruppe|group|kategori|category)",
        ),
        "industry": (r"(industry|sector|branche|brsch|vertical|lineofbusiness)(name|navn|code|kode)?",),
        "country": (r"(country|land|land1|nation)(name|navn|code|kode)?",),
        "parent_id": (
            r"(parent|koncern|moderselskab|group|ultimateparent)(account|company|customer|kunde)?(id|no|nr)",
        ),
    },
    "subscriptions": {
        "subscription_id": (
            r"(subscription|contract|abonnements?|kontrakts?|aftale|agreement|licen[sc]e)(id|no|nr|num|number|nummer|key)",
            r"(line|sub|linje)(id|no|nr|number|nummer)",
        ),
        "started_at": (
            rf"(subscription|contract|abonnements?|kontrakts?|aftale|plan|term)?(start|started|starts|starter){_AT}",
            rf"(begin|begins|begun|from|fra|gyldigfra|validfrom|effective(from)?|activation|activated|ikrafttraedelses){_AT}",
            rf"(created|oprettet|oprettelses){_AT}",
        ),
        "ended_at": (
            rf"(subscription|contract|abonnements?|kontrakts?|aftale|plan|term)?(end|ended|ends|slut|ophoer|ophoers|ophoert|terminated|termination){_AT}",
            rf"(expiry|expires|expired|expiration|udloeb|udloebs|validto|gyldigtil|effectiveto|to|til|until){_AT}",
            rf"(cancel|canceled|cancelled|cancellation|churn|churned){_AT}",
        ),
        "end_known_at": (
            rf"(notice|noticegiven|endknown|cancellationrequested|cancelrequested|opsigelses|opsagt){_AT}",
            rf"(cancel|canceled|cancelled|cancellation){_AT}",
        ),
        "renews_at": (rf"(next)?(renewal|renews|renew|fornyelse|fornyelses|naestefornyelse|termend){_AT}",),
        "notice_by": (r"(noticeby|noticedeadline|opsigelsesfrist|cancelby)",),
        "mrr": (
            rf"mrr{_UNIT}",
            rf"(monthly|maanedlig|maaneds)(recurring)?(revenue|price|fee|amount|value|pris|beloeb|ydelse)?{_UNIT}",
            r"prisprm(aane)?d|pricepermonth",
        ),
        "yearly": (
            rf"(arr|acv){_UNIT}",
            rf"(annual|yearly|aarlig|aars)(recurring)?(revenue|price|fee|amount|value|pris|beloeb)?{_UNIT}",
        ),
        "price": (rf"(price|amount|fee|pris|beloeb|value|recurring|subscriptionprice){_UNIT}",),
        "period": (
            r"(billing|invoice|payment|faktura|betalings)?(frequency|period|interval|cycle|frekvens|periode|term)",
        ),
        "seats": (
            r"(seats?|licen[sc]es?|users|brugere|licenser|seatcount|antal(brugere|licenser)?|quantity|numberofseats)",
        ),
        "product": (
            r"(product|produkt|plan|vare|package|pakke|edition)(name|navn|code|kode|tier|type|id)?",
            r"(sku|service|tier|abonnementstype|subscriptiontype|item)",
        ),
        "auto_renew": (r"(auto(matic)?renew(al|s)?|automatiskfornyelse|autofornyelse)(flag)?",),
        "end_reason": (r"(end|cancel|cancellation|churn|termination|opsigelses|ophoers)(reason|aarsag)(code|kode)?",),
    },
    "invoices": {
        "issued_at": (
            rf"(invoice|invoiced|bill|billing|billed|issued|issue|faktura|fakturerings?|fkdat|budat){_AT}",
            rf"(order|ordered|sale|sales|sold|purchase|purchased|ordre|salgs|koebs|transaction|trans|posting|posted){_AT}",
            rf"(bilags|bogfoerings?|bogfoert|bldat|audat|document|doc|receipt|booking){_AT}",
            r"(date|dato|day|ts|time|timestamp|datetime|tidspunkt)",
            rf"(created|oprettet|oprettelses|erdat){_AT}",
        ),
        "amount": (
            rf"(net|netto|line|linje)(amount|total|value|sum|price|revenue|beloeb|pris|sales)?{_UNIT}",
            rf"(amount|beloeb|revenue|omsaetning|netwr|sales|subtotal|turnover)(net|netto|exvat|exclvat|exclusive|exmoms|eksmoms|ekskl(usive)?moms)?{_UNIT}",
            rf"(total|sum|value|invoicetotal|ordertotal|fakturabeloeb|totalprice|linetotal|extendedprice|ialt){_UNIT}",
            rf"(gross|brutto|total)(amount|total|value|beloeb)?(inclvat|inclusive|inklmoms|vat|moms)?{_UNIT}|dmbtr|wrbtr",
        ),
        "quantity": (r"(quantity|qty|antal|units|count|maengde|menge|fkimg|unitssold|numberofunits)",),
        "unit_price": (
            rf"(unit|item|sales|stk|enheds|styk|salgs)(price|pris){_UNIT}",
            rf"(price|pris|priceeach|pricepereach|rate){_UNIT}",
        ),
        "invoice_id": (
            r"(invoice|faktura|bill|vbeln|belnr)(id|no|nr|num|number|nummer|key)?",
            r"(order|ordre|receipt|document|doc|transaction|bilags?|kvitterings?|sale|purchase)(id|no|nr|num|number|nummer|key)",
        ),
        "line_id": (
            r"(invoice|order|ordre|faktura)?(line|linje|item|row|position|pos|detail)(item)?(id|no|nr|num|number|nummer)|posnr",
        ),
        "product": (
            r"(stock|item|product|vare|produkt|article|artikel|material)(code|no|nr|id|number|nummer|kode)|sku|matnr",
            r"(product|item|vare|produkt|article|material|maktx)(name|navn|text|tekst)?",
        ),
        "due_at": (rf"(due|paymentdue|forfald|forfalds|forfalder|betalingsfrist|zfbdt){_AT}",),
        "paid_at": (rf"(paid|payment|settled|settlement|cleared|betalt|betalings|augdt){_AT}",),
        "voided_at": (rf"(void|voided|annulleret|annullerings|krediteret){_AT}",),
    },
    "interactions": {
        "occurred_at": (
            rf"(occurred|event|usage|activity|login|call|meeting|visit|session|haendelses|aktivitets|moede|opkalds){_AT}",
            rf"(submitted|opened|raised|sent|received|response|responded|answered|survey|ticket|modtaget|besvaret|churn){_AT}",
            rf"(date|dato|day|ts|time|timestamp|datetime|tidspunkt|start|started){_AT}",
            rf"(created|oprettet|oprettelses|logged|log|scheduled){_AT}",
        ),
        "kind": (
            r"(event|activity|interaction|haendelses|aktivitets|henvendelses|contact|engagement)(type|kind|name|navn)",
            r"(kind|type|event|action|channel|kanal|haendelse|aktivitet)",
        ),
        "quantity": (
            r"(usage|event|session|login|call|klik|click|page)?(count|quantity|units|minutes|minutter|antal|actions|hits|events)",
            r"(usage|session|call|meeting|samtale)?(duration|varighed)(s|sec|secs|seconds|min|mins|minutes|minutter)?",
        ),
        "score": (
            r"(nps|csat|ces|satisfaction|tilfredsheds?|survey|rating|feedback)(score|rating|value)?",
            r"(score|rating|karakter|svar)",
        ),
        "closed_at": (rf"(closed|resolved|solved|completed|lukket|lukke|afsluttet|loest|resolution){_AT}",),
        "cancelled_at": (rf"(canceled|cancelled|cancellation|aflyst|aflysnings){_AT}",),
        "contact_id": (r"(contact|kontakt|kontaktperson|user|bruger|person)(id|no|nr|number|nummer|key)",),
    },
    "exclusions": {
        "reason": (r"(reason|aarsag|grund|type|comment|note)",),
        "from": (rf"(from|fra|start|since|valid|created){_AT}|validfrom",),
        "until": (rf"(until|to|til|end|slut|expires){_AT}|validto",),
    },
    "rates": {
        "rate_on": (rf"(rate|valid|kurs)?(date|dato|day|from|on){_AT}|validfrom",),
        "rate": (r"((exchange|fx|currency|valuta)?rate|kurs|valutakurs|value)",),
    },
    "account_links": {
        "old_id": (r"(old|from|merged|losing|previous|gammel|gamle|fra)(account|customer|kunde)?(id|no|nr)?",),
        "new_id": (r"(new|to|into|master|winning|surviving|ny|nye|til)(account|customer|kunde)?(id|no|nr)?",),
    },
}
"""Contract table -> column (or a part it is computed from) -> patterns, the surest first."""

CURRENCY = (r"(currency|valuta|curr|ccy|waerk|waers)(code|kode|isocode|id)?",)
KNOWN_AT = (
    r"(known|loaded|load|ingested|inserted|recorded|synced|etl|booked|registered)(at|on|date|time|timestamp|ts)",
    rf"(created|oprettet|createdon|creation|entered){_AT}",
)
OWN_ID = r"(id|no|nr|key|guid|uuid|number|nummer)"
"""A table's own id, without the name of the table."""

TABLES: Mapping[str, str] = {
    "account_links": r"accountlinks?|(account|customer|kunde)?(merge|alias|sammenlaegning)",
    "exclusions": r"exclu|donotcontact|dnc|optout|blocklist|suppress|objection|robinson|insolven|konkurs|undtag",
    "rates": r"exchangerate|fxrate|currencyrate|^rates?$|valutakurs|^kurser$",
    "subscriptions": r"subscription|contract|abonnement|kontrakt|aftale|agreement|licen[sc]e|recurring|^plans$",
    "invoices": r"invoice|billing|^bills?$|orders?|sales|transaction|purchase|receipt|faktura|ordre|salg|koeb|vbrk|"
    r"vbrp|revenue|omsaetning|retail",
    "interactions": r"usage|event|activit|login|ticket|call|meeting|email|support|session|visit|survey|nps|csat|"
    r"interaction|haendelse|aktivitet|sager|henvendelse|moede|opkald|besoeg|notes?$|feedback|escalat|forbrug|churn",
    "accounts": r"account|customer|client|compan|organi[sz]ation|tenant|kunde|debitor|kna1|konti|members",
}
"""What tables are called, tried in this order."""

KINDS = (
    ("churn_event", r"churn|cancellation|opsigelse"),
    ("ticket", r"ticket|support|case|issue|sager|henvendelse"),
    ("usage", r"usage|forbrug|feature|telemetry"),
    ("login", r"login|signin|session"),
    ("nps", r"nps"),
    ("csat", r"csat|satisfaction|survey|tilfreds|feedback"),
    ("call", r"call|opkald|phone"),
    ("meeting", r"meeting|moede|visit|besoeg"),
    ("email", r"email|mail"),
    ("note", r"note"),
)
"""The word for what one row of a table of interactions is, from the table's name."""

NO_TABLE = r"forecast|predict|opportunit|pipeline|quote|tilbud|health|scores?$|budget|target|lead"
"""Tables of what people expect, or have judged already: nothing that happened."""

OUTCOME_NAMES = (
    r"churn|status|cancel|health|attrition|lapsed|terminat|isactive|inactive|^active|aktiv$|lost|retained|retention|"
    r"renewed|lifecycle|lifetimevalue|^ltv|^clv|upgrade|downgrade|opsagt|ophoert|risk|winback|reactivat|prediction|propensity"
)
OUTCOME_VALUES = (
    r"^(churn(ed)?|cancel(l?ed)?|active|inactive|aktiv|inaktiv|opsagt|lapsed|terminated|lost|healthy|unhealthy|"
    r"at.risk)$"
)

PROTECTED = (
    ("gender", {"gender", "sex", "koen", "kon", "pronoun", "pronouns", "salutation", "titel"}),
    ("age", {"age", "alder", "birth", "birthday", "birthdate", "dob", "foedselsdato", "foedselsdag", "foedt", "born"}),
    ("origin", {"ethnicity", "ethnic", "race", "etnicitet", "nationality", "nationalitet", "citizenship"}),
    ("belief", {"religion", "religious", "belief", "tro", "political", "politik", "union", "fagforening"}),
    ("national id", {"cpr", "cprnr", "ssn", "personnr", "personnummer", "nationalid", "passport", "pasnr"}),
    ("health", {"disability", "disabled", "handicap", "medical", "diagnosis", "sygdom", "helbred", "pregnant"}),
    ("private life", {"marital", "civilstand", "orientation", "seksualitet"}),
)
"""Attributes that nobody may be told apart by, as whole words of a name."""

PERSONAL = {
    "email", "mail", "epost", "phone", "telephone", "tel", "telefon", "tlf", "mobile", "mobil", "fax", "address",
    "adresse", "street", "vej", "gade", "firstname", "lastname", "surname", "fornavn", "efternavn", "iban", "ip",
    "zip", "postcode", "postnr", "postnummer", "latitude", "longitude", "password",
}  # fmt: skip
"""Words of names under which personal data lie, which no list needs."""

DANISH = re.compile(
    r"kunde|faktura|beloeb|dato$|navn|antal|pris|valuta|forfald|betal|abonnement|aftale|branche|oprett|saelger|ophoer|moms|vare"
)
