// Holds files against published JSON Schemas: schemas.mjs KIND FILE [KIND FILE...].
// A KIND is github, gitlab, azure, sarif, or the path of a schema. GitHub's own parser
// looks at workflows too. Each schema must refuse a file that was spoiled, or it
// proves nothing.
import { readFileSync } from 'node:fs'
import { createRequire, register } from 'node:module'
import Ajv from 'ajv'
import Ajv2020 from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { parse } from 'yaml'

// GitHub's parser imports JSON as bundlers do, which Node itself refuses.
register('data:text/javascript,' + encodeURIComponent(`
import { readFile } from 'node:fs/promises'
export async function load(url, context, next) {
  if (!url.endsWith('.json')) return next(url, context)
  return { format: 'module', shortCircuit: true, source: 'export default ' + await readFile(new URL(url), 'utf8') }
}`))
const { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } = await import('@actions/workflow-parser')

const require = createRequire(import.meta.url)
const store = require.resolve('schemastore/package.json').replace('package.json', 'schemas/json/')
const published = {
  github: store + 'github-workflow.json',
  gitlab: store + 'gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json',
  azure: store + 'raw.githubusercontent.com/microsoft/azure-pipelines-vscode/master/service-schema.json',
  sarif: store + 'sarif-2.1.0.json',
}
// A change after which a file must be refused.
const spoil = {
  github: (doc) => { doc.jobs.plan['runs-ons'] = 'x' },
  gitlab: (doc) => { doc.plan.script = { not: 'a script' } },
  azure: (doc) => { doc.stages[0].jobs[0].stepz = [] },
  sarif: (doc) => { doc.runs[0].results[0].level = 'fatal' },
}

let failed = 0
const complain = (file, what) => { failed++; console.error(`${file}: ${what}`) }

for (let i = 2; i + 1 < process.argv.length; i += 2) {
  const [kind, file] = process.argv.slice(i, i + 2)
  const before = failed
  const schema = JSON.parse(readFileSync(published[kind] ?? kind, 'utf8'))
  const Validator = String(schema.$schema).includes('2020-12') ? Ajv2020 : Ajv
  const ajv = new Validator({ strict: false, allErrors: true, validateFormats: true, unicodeRegExp: false })
  formats(ajv)
  const validate = ajv.compile(schema)
  const text = readFileSync(file, 'utf8')
  if (!validate(parse(text))) {
    for (const e of validate.errors.slice(0, 10)) complain(file, `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`)
  }
  const spoiled = parse(text)
  ;(spoil[kind] ?? ((doc) => { doc.steps[0].kind = 'magic' }))(spoiled)
  if (validate(spoiled)) complain(file, 'the schema accepts a spoiled file, so it proves nothing')
  if (kind === 'github') {
    const result = parseWorkflow({ name: file, content: text }, new NoOperationTraceWriter())
    for (const e of result.context.errors.getErrors()) complain(file, e.message)
    const template = await convertWorkflowTemplate(result.context, result.value)
    for (const e of template.errors ?? []) complain(file, e.Message)
    if (template.jobs.length !== 3) complain(file, `${template.jobs.length} jobs`)
  }
  if (failed === before) console.log(`${kind.split('/').pop()}: ${file.split('/').pop()} holds`)
}
process.exit(failed ? 1 : 0)
