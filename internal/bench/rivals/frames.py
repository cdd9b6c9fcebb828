"""The same classes, without typo, in pandas.

usage: python3 frames.py ZOOM MICROSOFT OUT, each a CSV, or JSON with a person a line
"""
import sys

import numpy as np
import pandas as pd

zoom_file, microsoft_file, out_file = sys.argv[1:]
COLUMNS = ["id", "userPrincipalName", "mail", "proxyAddresses", "accountEnabled", "userType", "onPremisesSyncEnabled", "deletedDateTime"]


def read(file, columns):
    if file.endswith(".ndjson"):
        return pd.read_json(file, lines=True, dtype=False, convert_dates=False)[columns]
    return pd.read_csv(file, dtype=str, keep_default_na=False, usecols=columns)


m = read(microsoft_file, COLUMNS)
if microsoft_file.endswith(".ndjson"):
    z = read(zoom_file, ["email"])
    m["mail"], m["deletedDateTime"] = m.mail.fillna(""), m.deletedDateTime.fillna("")
    disabled, synced = ~m.accountEnabled.astype(bool), m.onPremisesSyncEnabled.fillna(False).astype(bool)
    proxies = m.proxyAddresses.explode().dropna().str.lower()
else:
    z = read(zoom_file, ["Email"]).rename(columns={"Email": "email"})
    disabled, synced = m.accountEnabled.eq("False"), m.onPremisesSyncEnabled.eq("True")
    proxies = m.proxyAddresses.str.lower().str.split(";").explode()

z["a"] = z.email.str.strip().str.lower()
upn, mail = m.userPrincipalName.str.lower(), m.mail.str.lower()
gone = m.deletedDateTime.ne("")
guest = m.userType.eq("Guest") | m.userPrincipalName.str.contains("#EXT#", regex=False)
aliases = proxies[proxies.str.startswith("smtp:")].str[5:]


def index(*keys):
    """Who bears a key: the first of them and how many, a rule after another."""
    all_keys = pd.concat([pd.DataFrame({"k": k.values, "i": k.index, "rule": rule}) for rule, k in keys], ignore_index=True)
    all_keys = all_keys[all_keys.k.ne("")].drop_duplicates()
    found = all_keys.groupby(["k", "rule"], sort=False).i.agg(["first", "size"]).reset_index()
    return found.sort_values("rule", kind="stable").drop_duplicates("k").set_index("k")


live = index((1, upn[~gone]), (2, mail[~gone]), (3, aliases[~gone.reindex(aliases.index)]))
names = index((4, upn[~gone & ~guest].str.split("@", n=1).str[0]))
deleted = index((5, upn[gone].str.replace("^[0-9a-f]{32}", "", regex=True)), (5, mail[gone]))

hit = live.reindex(z.a).reset_index(drop=True)
for more, keys in ((names, z.a.str.split("@", n=1).str[0]), (deleted, z.a)):
    hit = hit.fillna(more.reindex(keys).reset_index(drop=True))
one = hit["size"].eq(1).values
who = m.assign(u=upn, guest=guest, disabled=disabled, synced=synced).reindex(np.where(one, hit["first"], -1))
for column in ("guest", "disabled", "synced"):
    who[column] = who[column].fillna(False).astype(bool)
rule = hit.rule.fillna(0).to_numpy(int)
words = np.array(["missing", "match", "mail", "alias", "domain", "deleted"])[rule]
words = np.where((rule > 0) & ~one, "ambiguous", np.where(one & (rule < 4) & who.guest.values, "guest", words))
case = one & (z.email.values != who.userPrincipalName.values) & (z.a.values == who.u.values)
flags = pd.Series(np.where(who.disabled, "disabled ", "")) + np.where(who.synced, "synced ", "") + np.where(case, "case", "")
pd.DataFrame(
    {
        "zoom_email": z.email.values,
        "class": words,
        "flags": flags.str.rstrip().values,
        "entra_upn": who.userPrincipalName.values,
        "entra_id": who.id.values,
        "matched_on": np.where(one, np.where(rule == 4, who.u.values, z.a.values), ""),
        "suggestion": "",
        "remedy": np.where(np.isin(words, ["mail", "alias", "domain"]), "change the email in Zoom to " + who.userPrincipalName.fillna("").values, ""),
    },
    index=z.a.values,
).sort_index(kind="stable").to_csv(out_file, index=False)
