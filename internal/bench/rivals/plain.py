"""The same classes, without typo, with Python's csv module.

usage: python3 plain.py ZOOM MICROSOFT OUT
"""
import csv
import re
import sys

zoom_file, microsoft_file, out_file = sys.argv[1:]
people, by_upn, by_mail, by_alias, by_local, gone = [], {}, {}, {}, {}, {}


def put(index, key, n):
    if key:
        found = index.setdefault(key, [])
        if n not in found:
            found.append(n)


with open(microsoft_file, newline="", encoding="utf-8-sig") as f:
    for n, row in enumerate(csv.DictReader(f)):
        upn, mail = row["userPrincipalName"].lower(), row["mail"].lower()
        proxies = [p[5:] for p in row["proxyAddresses"].lower().split(";") if p.startswith("smtp:")]
        guest = row["userType"] == "Guest" or "#ext#" in upn
        flags = [name for name, column, value in (("disabled", "accountEnabled", "False"), ("synced", "onPremisesSyncEnabled", "True")) if row[column] == value]
        people.append((row["userPrincipalName"], row["id"], guest, flags))
        if row["deletedDateTime"]:
            for key in [re.sub("^[0-9a-f]{32}", "", upn), mail, *proxies]:
                put(gone, key, n)
            continue
        put(by_upn, upn, n)
        put(by_mail, mail, n)
        for p in proxies:
            put(by_alias, p, n)
        if not guest:
            put(by_local, upn.split("@")[0], n)

rows = []
with open(zoom_file, newline="", encoding="utf-8-sig") as f:
    for row in csv.DictReader(f):
        email = row["Email"]
        key = email.strip().lower()
        rules = (("match", by_upn, key), ("mail", by_mail, key), ("alias", by_alias, key), ("domain", by_local, key.split("@")[0]), ("deleted", gone, key))
        for rule, index, k in rules:
            if found := index.get(k):
                break
        else:
            rows.append((key, email, "missing", "", "", "", "", "", ""))
            continue
        if len(found) > 1:
            rows.append((key, email, "ambiguous", "", "", "", "", "", ""))
            continue
        upn, id, guest, flags = people[found[0]]
        kind = "guest" if guest and rule in ("match", "mail", "alias") else rule
        if email != upn and key == upn.lower():
            flags = [*flags, "case"]
        remedy = "change the email in Zoom to " + upn if kind in ("mail", "alias", "domain") else ""
        rows.append((key, email, kind, " ".join(flags), upn, id, upn.lower() if rule == "domain" else key, "", remedy))

rows.sort()
with open(out_file, "w", newline="", encoding="utf-8") as f:
    writer = csv.writer(f)
    writer.writerow(["zoom_email", "class", "flags", "entra_upn", "entra_id", "matched_on", "suggestion", "remedy"])
    writer.writerows(row[1:] for row in rows)
