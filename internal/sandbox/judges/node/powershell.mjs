// Parses PowerShell scripts with its grammar: powershell.mjs < LIST, where LIST is JSON:
// [{"file": PATH, "values": [TEXT...], "mark": TEXT}]. A script must parse without an error, begin
// with the mark of UTF-8, hold each value as one whole string in single quotes, and hold the mark,
// which hostile names bear, nowhere but in such strings and in comments. Each script that was
// spoiled must be refused, or the judge proves nothing.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Language, Parser } from 'web-tree-sitter'

const require = createRequire(import.meta.url)
await Parser.init()
const parser = new Parser()
parser.setLanguage(await Language.load(require.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')))

// PowerShell takes each of these for a single quote, and two of them for one of the second.
// https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
const quote = /['\u2018\u2019\u201a\u201b]/

// literal is the text of a string in single quotes, as PowerShell reads it; null where a quote
// inside ends it early.
function literal(token) {
  const inner = token.slice(1, -1)
  let text = ''
  for (let i = 0; i < inner.length; i++) {
    if (quote.test(inner[i])) {
      if (!quote.test(inner[i + 1] ?? '')) return null
      i++
    }
    text += inner[i]
  }
  return text
}

function* walk(node) {
  yield node
  for (let i = 0; i < node.childCount; i++) yield* walk(node.child(i))
}

function judge(text, values, mark) {
  const wrong = []
  const tree = parser.parse(text)
  const literals = new Set()
  const safe = []
  for (const node of walk(tree.rootNode)) {
    if (node.isError || node.isMissing) {
      wrong.push(`line ${node.startPosition.row + 1}: ${node.type}: ${node.text.slice(0, 60)}`)
    }
    if (node.type === 'verbatim_string_characters') {
      const value = literal(node.text)
      if (value === null) wrong.push(`line ${node.startPosition.row + 1}: a quote ends early in ${node.text}`)
      else {
        literals.add(value)
        safe.push([node.startIndex, node.endIndex])
      }
    }
    if (node.type === 'comment') safe.push([node.startIndex, node.endIndex])
  }
  for (const value of values) {
    if (!literals.has(value)) wrong.push(`no string is ${JSON.stringify(value)}`)
  }
  for (let i = text.indexOf(mark); mark && i >= 0; i = text.indexOf(mark, i + 1)) {
    if (!safe.some(([from, to]) => from <= i && i < to)) wrong.push(`${text.slice(i - 20, i + 20)} is not in a string`)
  }
  return wrong
}

let failed = 0
const complain = (file, what) => { failed++; console.error(`${file}: ${what}`) }
const list = JSON.parse(readFileSync(0, 'utf8'))
for (const { file, values, mark } of list) {
  const bytes = readFileSync(file)
  if (bytes.subarray(0, 3).compare(Buffer.from([0xef, 0xbb, 0xbf])) !== 0) complain(file, 'no mark of UTF-8')
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  for (const what of judge(text, values, mark)) complain(file, what)
  const spoiled = [
    text.replaceAll("''", "'"),
    text.replaceAll("'", ''),
    text.replaceAll("'", '"'),
    text.replace(/\u2019\u2019/g, '\u2019'),
  ].filter((one) => one !== text)
  for (const one of spoiled) {
    if (judge(one, values, mark).length === 0) complain(file, 'a spoiled script was not refused')
  }
}
if (failed > 0) process.exit(1)
console.log(`powershell: ${list.length} scripts passed`)
