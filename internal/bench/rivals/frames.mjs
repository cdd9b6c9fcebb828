// The same classes, without typo, in Polars.
// usage: node frames.mjs ZOOM MICROSOFT OUT, each a CSV, or JSON with a person a line
import pl from "nodejs-polars";

const [zoom, microsoft, out] = process.argv.slice(2);
const c = pl.col;
const lit = pl.lit;
const isJSON = microsoft.endsWith(".ndjson");
const read = (file) => (isJSON ? pl.scanJson(file, { inferSchemaLength: null }).collectSync() : pl.readCSV(file, { inferSchemaLength: 0 }));
const low = (name) => c(name).str.toLowerCase();

let m = read(microsoft);
m = m.withColumn(pl.intRange(0, m.height).alias("i"));
m = m.select(
  c("i"), c("id"), c("userPrincipalName").alias("upn"), low("userPrincipalName").alias("u"), low("mail").alias("mail"),
  isJSON ? c("proxyAddresses").alias("proxies") : low("proxyAddresses").str.split(";").alias("proxies"),
  (isJSON ? c("accountEnabled").not() : c("accountEnabled").eq(lit("False"))).alias("disabled"),
  (isJSON ? c("onPremisesSyncEnabled").fillNull(lit(false)) : c("onPremisesSyncEnabled").eq(lit("True")).fillNull(lit(false))).alias("synced"),
  c("userType").eq(lit("Guest")).or(c("userPrincipalName").str.contains("#EXT#")).alias("guest"),
  c("deletedDateTime").isNotNull().and(c("deletedDateTime").cast(pl.Utf8).neq(lit(""))).fillNull(lit(false)).alias("gone"),
);
let z = read(zoom);
z = z.select(c(isJSON ? "email" : "Email").alias("email")).withColumn(c("email").str.strip().str.toLowerCase().alias("a"));
z = z.withColumn(c("a").str.replace("@.*$", "").alias("local"));

// Each rule has keys; who bears one is the first of them and how many there are.
const rule = (keys, n) => keys.select("k", "i").filter(c("k").isNotNull().and(c("k").neq(lit("")))).unique()
  .groupBy("k").agg(c("i").min().alias("i"), c("i").count().alias("people")).withColumn(lit(n).cast(pl.Int32).alias("rule"));
const live = m.filter(c("gone").not());
const gone = m.filter(c("gone"));
const first = pl.concat([
  rule(live.select(c("u").alias("k"), c("i")), 1),
  rule(live.select(c("mail").alias("k"), c("i")), 2),
  rule(live.select(c("proxies").alias("k"), c("i")).explode("k").withColumn(low("k").alias("k")).filter(c("k").str.contains("^smtp:"))
    .select(c("k").str.slice(5).alias("k"), c("i")), 3),
]).join(z.select(c("a").alias("k")), { on: "k", how: "semi" }).sort("rule").unique({ subset: ["k"], keep: "first", maintainOrder: true });
const names = rule(live.filter(c("guest").not()).select(c("u").str.replace("@.*$", "").alias("k"), c("i")), 4);
const deleted = rule(pl.concat([
  gone.select(c("u").str.replace("^[0-9a-f]{32}", "").alias("k"), c("i")), gone.select(c("mail").alias("k"), c("i")),
]), 5);

let r = z.join(first.rename({ k: "a" }), { on: "a", how: "left" });
const more = (r, keys, on, tag) => {
  const names = { i: `i${tag}`, people: `people${tag}`, rule: `rule${tag}`, k: on };
  const joined = r.join(keys.rename(names), { on, how: "left" });
  return joined.withColumns(...["i", "people", "rule"].map((n) => c(n).fillNull(c(n + tag)).alias(n))).drop(`i${tag}`, `people${tag}`, `rule${tag}`);
};
r = more(more(r, names, "local", "4"), deleted, "a", "5");
r = r.withColumn(pl.when(c("people").eq(lit(1))).then(c("i")).otherwise(lit(null)).alias("i")).join(m, { on: "i", how: "left" });
const one = c("people").eq(lit(1));
const when = (condition, word) => pl.when(condition).then(lit(word)).otherwise(lit(""));
r.sort("a").select(
  c("email").alias("zoom_email"),
  pl.when(c("rule").isNull()).then(lit("missing")).when(c("people").gt(lit(1))).then(lit("ambiguous"))
    .when(c("rule").lt(lit(4)).and(c("guest"))).then(lit("guest")).when(c("rule").eq(lit(1))).then(lit("match"))
    .when(c("rule").eq(lit(2))).then(lit("mail")).when(c("rule").eq(lit(3))).then(lit("alias"))
    .when(c("rule").eq(lit(4))).then(lit("domain")).otherwise(lit("deleted")).alias("class"),
  pl.concatString([
    when(one.and(c("disabled")), "disabled "), when(one.and(c("synced")), "synced "),
    when(one.and(c("email").neq(c("upn"))).and(c("a").eq(c("u"))), "case"),
  ], "").str.strip().alias("flags"),
  c("upn").alias("entra_upn"), c("id").alias("entra_id"),
  pl.when(one.and(c("rule").eq(lit(4)))).then(c("u")).when(one).then(c("a")).otherwise(lit("")).alias("matched_on"),
  lit("").alias("suggestion"),
  pl.when(one.and(c("rule").gt(lit(1))).and(c("rule").lt(lit(5)))).then(pl.concatString([lit("change the email in Zoom to "), c("upn")], "")).otherwise(lit("")).alias("remedy"),
).writeCSV(out);
