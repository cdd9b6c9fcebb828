// The same classes, without typo, in DuckDB: the best SQL we could write.
// usage: node duckdb.mjs ZOOM MICROSOFT OUT
import { DuckDBInstance } from "@duckdb/node-api";

const [zoom, microsoft, out] = process.argv.slice(2).map((f) => "'" + f.replaceAll("'", "''") + "'");
const instance = await DuckDBInstance.create(":memory:");
const db = await instance.connect();
const run = (sql) => db.run(sql);

// JSON is a person a line; its types are given, which is quicker than looking for them.
const json = (file, columns) => `read_json(${file}, format = 'newline_delimited', columns = ${columns})`;
const isJSON = microsoft.includes(".ndjson");
const zoomRows = isJSON ? json(zoom, "{email: 'VARCHAR'}") : `read_csv(${zoom}, all_varchar = true, header = true)`;
const people = isJSON
  ? `(SELECT id, userPrincipalName, mail, array_to_string(proxyAddresses, ';') AS proxyAddresses, userType, deletedDateTime,
      CASE WHEN accountEnabled THEN 'True' ELSE 'False' END AS accountEnabled, CASE WHEN onPremisesSyncEnabled THEN 'True' END AS onPremisesSyncEnabled
      FROM ${json(microsoft, "{id: 'VARCHAR', userPrincipalName: 'VARCHAR', mail: 'VARCHAR', proxyAddresses: 'VARCHAR[]', accountEnabled: 'BOOLEAN', userType: 'VARCHAR', onPremisesSyncEnabled: 'BOOLEAN', deletedDateTime: 'VARCHAR'}")})`
  : `read_csv(${microsoft}, all_varchar = true, header = true)`;

// Each step joins only those whom the steps before have not found.
await run(`SET preserve_insertion_order = false`);
await run(`CREATE TEMP TABLE z AS SELECT row_number() OVER () AS n, email, lower(trim(email)) AS a
  FROM ${zoomRows}`);
await run(`CREATE TEMP TABLE m AS SELECT row_number() OVER () AS n, id, userPrincipalName AS upn, lower(userPrincipalName) AS u,
  lower(mail) AS mail, lower(proxyAddresses) AS proxies, accountEnabled = 'False' AS disabled,
  userType = 'Guest' OR contains(userPrincipalName, '#EXT#') AS guest,
  onPremisesSyncEnabled = 'True' AS synced, deletedDateTime IS NOT NULL AND deletedDateTime <> '' AS gone
  FROM ${people}`);
const found = (rule, keys, rest) => `SELECT z.n, '${rule}' AS rule, count(DISTINCT k.n) AS people, min(k.n) AS m
  FROM ${rest} z JOIN (${keys}) k ON k.a = z.a GROUP BY z.n`;
await run(`CREATE TEMP VIEW f1 AS ${found("match", "SELECT n, u AS a FROM m WHERE NOT gone", "z")}`);
await run(`CREATE TEMP VIEW r1 AS SELECT * FROM z ANTI JOIN f1 USING (n)`);
await run(`CREATE TEMP VIEW f2 AS ${found("mail", "SELECT n, mail AS a FROM m WHERE NOT gone AND mail <> ''", "r1")}`);
await run(`CREATE TEMP VIEW r2 AS SELECT * FROM r1 ANTI JOIN f2 USING (n)`);
await run(`CREATE TEMP VIEW f3 AS ${found("alias",
  "SELECT n, p[6:] AS a FROM (SELECT n, unnest(string_split(proxies, ';')) AS p FROM m WHERE NOT gone) WHERE starts_with(p, 'smtp:')", "r2")}`);
await run(`CREATE TEMP VIEW r3 AS SELECT n, email, a, split_part(a, '@', 1) AS local FROM r2 ANTI JOIN f3 USING (n)`);
await run(`CREATE TEMP VIEW f4 AS SELECT z.n, 'domain' AS rule, count(DISTINCT k.n) AS people, min(k.n) AS m
  FROM r3 z JOIN (SELECT n, split_part(u, '@', 1) AS local FROM m WHERE NOT gone AND NOT guest) k ON k.local = z.local GROUP BY z.n`);
await run(`CREATE TEMP VIEW r4 AS SELECT * FROM r3 ANTI JOIN f4 USING (n)`);
await run(`CREATE TEMP VIEW f5 AS ${found("deleted",
  "SELECT n, CASE WHEN regexp_matches(u, '^[0-9a-f]{32}') THEN u[33:] ELSE u END AS a FROM m WHERE gone UNION SELECT n, mail FROM m WHERE gone AND mail <> ''", "r4")}`);
await run(`COPY (
  SELECT z.email AS zoom_email,
    CASE WHEN f.n IS NULL THEN 'missing' WHEN f.people > 1 THEN 'ambiguous'
      WHEN f.rule IN ('match', 'mail', 'alias') AND m.guest THEN 'guest' ELSE f.rule END AS class,
    CASE WHEN f.people = 1 THEN concat_ws(' ', CASE WHEN m.disabled THEN 'disabled' END, CASE WHEN m.synced THEN 'synced' END,
      CASE WHEN z.email <> m.upn AND z.a = m.u THEN 'case' END) END AS flags,
    CASE WHEN f.people = 1 THEN m.upn END AS entra_upn, CASE WHEN f.people = 1 THEN m.id END AS entra_id,
    CASE WHEN f.people = 1 THEN CASE WHEN f.rule = 'domain' THEN m.u ELSE z.a END END AS matched_on, NULL AS suggestion,
    CASE WHEN f.rule IN ('mail', 'alias', 'domain') THEN 'change the email in Zoom to ' || m.upn END AS remedy
  FROM z LEFT JOIN (SELECT * FROM f1 UNION ALL SELECT * FROM f2 UNION ALL SELECT * FROM f3 UNION ALL SELECT * FROM f4 UNION ALL SELECT * FROM f5) f ON f.n = z.n
  LEFT JOIN m ON m.n = f.m ORDER BY z.a
) TO ${out} (HEADER, DELIMITER ',')`);
