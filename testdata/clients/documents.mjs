// Runs both programs over OpenAPI documents and prints a row for each: what
// loads, how long and in how much memory, how many operations the mock serves
// with a response that an independent validator (ajv) accepts, and what the
// runner says of the mock. See .ci/documents.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const [bin, modules, ...sources] = process.argv.slice(2)
const require = createRequire(join(modules, 'package.json'))
const { default: Ajv } = require('ajv/dist/2020.js')
const addFormats = require('ajv-formats')
const YAML = require('yaml')
const sampler = require('openapi-sampler')

const key = 'acme-test-key-5c1d0a'
const limit = Number(process.env.LIMIT ?? 20) * 1000
const sleep = ms => new Promise(done => setTimeout(done, ms))

function files(source) {
  if (!statSync(source).isDirectory()) return [source]
  return readdirSync(source).sort().flatMap(name => files(join(source, name))).filter(f => /\.(ya?ml|json|md)$/.test(f))
}

// run starts a program and measures it until it ends, or until ready says so.
async function run(program, args, env, ready) {
  const began = Date.now()
  const child = spawn(join(bin, program), args, { env: { ...process.env, ...env } })
  let out = '', err = '', ended = false, memory = 0
  child.stdout.on('data', d => { out += d })
  child.stderr.on('data', d => { err += d })
  const end = new Promise(done => child.on('close', code => { ended = true; done(code) }))
  while (!ended && Date.now() - began < limit && !ready?.()) {
    try { memory = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? memory) } catch {}
    await Promise.race([end, sleep(5)])
  }
  const seconds = (Date.now() - began) / 1000
  if (!ended && !ready) child.kill('SIGKILL')
  return { child, end, out: () => out, err: () => err, seconds, memory: memory / 1024, ended: () => ended }
}

function jsonSchema(node, is30) { // of OpenAPI's dialect
  if (Array.isArray(node)) return node.map(n => jsonSchema(n, is30))
  if (!node || typeof node !== 'object') return node
  if (is30 && typeof node.$ref === 'string') return { $ref: node.$ref.replaceAll(/[^#/]+/g, t => encodeURIComponent(decodeURIComponent(t))) }
  const s = {}
  for (const [k, v] of Object.entries(node)) {
    if (['example', 'examples', 'discriminator', 'xml', 'externalDocs'].includes(k) && !node.propertyNamesHere) continue
    s[k] = ['enum', 'const', 'default', 'required'].includes(k) ? v : jsonSchema(v, is30)
  }
  if (node.properties) s.properties = Object.fromEntries(Object.entries(node.properties).map(([k, v]) => [k, jsonSchema(v, is30)]))
  if (is30) {
    for (const [flag, at] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']]) {
      if (s[flag] === true) { s[flag] = s[at]; delete s[at] } else if (s[flag] === false) delete s[flag]
    }
    if (s.nullable && typeof s.type === 'string') {
      s.type = [s.type, 'null']
      if (s.enum) s.enum = [...s.enum, null]
    }
  }
  const { propertyName, mapping } = node.discriminator ?? {}
  if ((node.oneOf || node.anyOf) && typeof mapping === 'object') {
    const named = Object.entries(mapping).filter(([, ref]) => String(ref).startsWith('#/'))
    s.allOf = [...(s.allOf ?? []), ...named.map(([value, $ref]) => ({ if: { properties: { [propertyName]: { const: value } }, required: [propertyName] }, then: jsonSchema({ $ref }, true) }))]
  }
  const orNull = is30 && s.nullable === true && (s.allOf || s.oneOf || s.anyOf) // which generators write, and mean
  delete s.nullable
  return orNull ? { anyOf: [s, { type: 'null' }] } : s
}

function follow(doc, node) {
  for (let i = 0; node?.$ref && i < 50; i++) {
    if (!node.$ref.startsWith('#/')) return {}
    node = node.$ref.slice(2).split('/').reduce((n, t) => n?.[decodeURIComponent(t).replaceAll('~1', '/').replaceAll('~0', '~')], doc)
  }
  return node ?? {}
}

// absolute lets the references of a schema that is compiled alone lead into the document.
function absolute(node) {
  if (Array.isArray(node)) return node.map(absolute)
  if (!node || typeof node !== 'object') return node
  return Object.fromEntries(Object.entries(node).map(([k, v]) => [k, k === '$ref' && typeof v === 'string' ? v.replace(/^#/, 'doc:/#') : absolute(v)]))
}

function isJSON(type) { return /^application\/([^;]+\+)?json/i.test(type) }

// pairs writes a value as a form does whose names have brackets.
function pairs(value, name = '') {
  if (!value || typeof value !== 'object') return [[name, value === null ? '' : String(value)]]
  return Object.entries(value).flatMap(([k, v]) => pairs(v, name === '' ? k : Array.isArray(value) && (v === null || typeof v !== 'object') ? name + '[]' : `${name}[${k}]`))
}

// serve asks the mock for every operation, and judges what it answers.
async function serve(doc, base) {
  const is30 = String(doc.openapi).startsWith('3.0')
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false })
  addFormats(ajv)
  const root = { $id: 'doc:/', ...jsonSchema({ components: doc.components ?? {}, paths: doc.paths }, is30) }
  ajv.addSchema(root)
  const validator = pointer => ajv.compile({ $ref: 'doc:/#' + pointer })
  const exact = new Ajv({ strict: false, logger: false }) // what is sent fits its formats
  addFormats(exact)
  exact.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i)
  exact.addSchema(root)
  const escape = t => encodeURIComponent(String(t).replaceAll('~', '~0').replaceAll('/', '~1'))
  const tally = { right: 0, skipped: 0, wrong: [] }
  for (const [path, item] of Object.entries(doc.paths ?? {})) {
    for (const method of ['get', 'put', 'post', 'delete', 'patch', 'head', 'options']) {
      const op = follow(doc, item)?.[method]
      if (!op || /[?#]/.test(path)) continue
      const name = `${method.toUpperCase()} ${path}`
      try {
        let target = path
        const query = new URLSearchParams(), headers = { 'x-api-key': key, authorization: `Bearer ${key}` }
        const parameters = [...(follow(doc, item).parameters ?? []), ...(op.parameters ?? [])].map(p => follow(doc, p))
        for (const p of parameters) {
          if (!p.required || p.in === 'header' && /^(accept|content-type|authorization)$/i.test(p.name)) continue
          const schema = p.schema ?? Object.values(p.content ?? {})[0]?.schema ?? {}
          const fits = exact.compile(absolute(jsonSchema(schema, is30)))
          const tries = [p.example, follow(doc, Object.values(p.examples ?? {})[0]).value, sampler.sample(schema, { quiet: true }, doc), '1', 'A', 'a1', 'abcdefgh', 'ABCDEFGH', '12345678', '2026-01-02', 1, '10000000-0000-4000-8000-000000000000']
          let v = tries.find(t => t !== undefined && fits(t))
          if (v === undefined) throw new Error('skip: no valid parameter sampled')
          if (Array.isArray(v)) v = v.join(',')
          if (v && typeof v === 'object') throw new Error('skip: an object as a parameter')
          if (p.in === 'path') target = target.replace(`{${p.name}}`, encodeURIComponent(v))
          if (p.in === 'query') query.append(p.name, v)
          if (p.in === 'header') headers[p.name] = String(v)
          if (p.in === 'cookie') headers.cookie = `${p.name}=${v}`
        }
        for (const requirement of op.security ?? doc.security ?? []) {
          for (const scheme of Object.keys(requirement)) {
            const s = follow(doc, doc.components?.securitySchemes?.[scheme])
            if (s.type === 'apiKey' && s.in === 'query') query.append(s.name, key)
            if (s.type === 'apiKey' && s.in === 'header') headers[s.name.toLowerCase()] = key
            if (s.type === 'apiKey' && s.in === 'cookie') headers.cookie = `${s.name}=${key}`
            if (s.type === 'http' && /basic/i.test(s.scheme)) headers.authorization = 'Basic ' + Buffer.from(`user:${key}`).toString('base64')
          }
          break
        }
        let body
        const content = follow(doc, op.requestBody).content
        if (content && method !== 'get' && method !== 'head') {
          const type = Object.keys(content).find(isJSON) ?? Object.keys(content).find(t => t === 'application/x-www-form-urlencoded')
          if (!type) throw new Error('skip: its body is neither JSON nor a form')
          const media = content[type]
          const examples = [media.example, ...Object.values(media.examples ?? {}).map(e => follow(doc, e).value), sampler.sample(media.schema ?? {}, { quiet: true, skipReadOnly: true }, doc), sampler.sample(media.schema ?? {}, { quiet: true, skipReadOnly: true, skipNonRequired: true }, doc)]
          const at = (op.requestBody.$ref?.slice(1) ?? `/paths/${escape(path)}/${method}/requestBody`) + `/content/${escape(type)}/schema`
          const fits = media.schema ? exact.compile({ $ref: 'doc:/#' + at }) : () => true
          body = examples.find(e => e !== undefined && fits(e))
          if (body === undefined) throw new Error('skip: no valid body sampled')
          body = isJSON(type) ? JSON.stringify(body) : new URLSearchParams(pairs(body)).toString()
          headers['content-type'] = type
        }
        const own = (op.servers ?? follow(doc, item).servers)?.[0]
        let beneath = base
        if (own?.url) {
          const named = own.url.replaceAll(/\{([^}]*)\}/g, (_, name) => own.variables?.[name]?.default ?? '')
          beneath = new URL(base).origin + new URL(named, base + '/').pathname.replace(/\/$/, '')
        }
        const answer = await fetch(beneath + target + (query.size ? '?' + query : ''), { method: method.toUpperCase(), headers, body, signal: AbortSignal.timeout(10000), redirect: 'manual' })
        const text = await answer.text()
        const code = String(answer.status)
        const documented = Object.keys(op.responses ?? {}).find(c => c === code) ?? Object.keys(op.responses ?? {}).find(c => c.toUpperCase() === code[0] + 'XX') ?? (op.responses?.default ? 'default' : undefined)
        if (!documented) throw new Error(`${code} is not documented: ${text.slice(0, 120)}`)
        if (answer.status >= 400 && Object.keys(op.responses ?? {}).some(c => /^([23]|default)/.test(c))) throw new Error(`${code} to a valid request: ${text.slice(0, 120)}`)
        const response = follow(doc, op.responses[documented])
        const type = Object.keys(response.content ?? {}).find(isJSON)
        if (type && isJSON(answer.headers.get('content-type') ?? '') && response.content[type].schema) {
          const ref = op.responses[documented].$ref
          const check = validator((ref ? ref.slice(1) : `/paths/${escape(path)}/${method}/responses/${documented}`) + `/content/${escape(type)}/schema`)
          if (!check(JSON.parse(text))) throw new Error(`${code}: ${ajv.errorsText(check.errors).slice(0, 160)}`)
        }
        tally.right++
      } catch (e) {
        if (/^skip/.test(e.message) || /can't resolve|schema is invalid|Maximum call|NOT SUPPORTED|strict mode|regular expression|must have non-empty array|value must be/i.test(e.message)) tally.skipped++
        else tally.wrong.push(`${name}: ${e.message}`)
      }
    }
  }
  return tally
}

const folder = mkdtempSync(join(tmpdir(), 'documents-'))
console.log('| document | operations | mock up | memory | served right | wrong | not tried | runner |')
console.log('|---|---|---|---|---|---|---|---|')
for (const file of sources.flatMap(files)) {
  const address = join(folder, 'address.json')
  rmSync(address, { force: true })
  const mock = await run('nox-mock', ['--quiet', '--spec', file, '--listen', '127.0.0.1:0', '--control-listen', '127.0.0.1:0', '--address-file', address], {}, () => existsSync(address))
  if (!existsSync(address)) {
    mock.child.kill('SIGKILL')
    await mock.end
    console.log(`| ${basename(file)} | refused after ${mock.seconds.toFixed(1)} s: ${mock.err().trim().split('\n')[0].replace(file, '')} | | ${mock.memory.toFixed(0)} MB | | | | |`)
    continue
  }
  const base = JSON.parse(readFileSync(address, 'utf8')).base_url.replace(/\/$/, '')
  let doc, tally = { right: 0, skipped: 0, wrong: [] }
  try {
    doc = YAML.parse(readFileSync(file, 'utf8'), { merge: true, maxAliasCount: 10000, logLevel: 'silent' })
    if (doc?.paths) tally = await serve(doc, base)
  } catch (e) { tally.wrong.push('this script: ' + e.message) }
  const runner = process.env.RUNNER === 'no' ? null : await run('nox-conformance', ['--spec', file, '--output', 'json', '--run', '**/minimal', base], { NOX_API_KEY: key })
  let says = 'not run'
  if (runner) {
    try {
      const report = JSON.parse(runner.out())
      says = `${report.verdict}, ${report.summary.pass} pass, ${report.summary.fail} fail, ${report.summary.warn} warn, ${report.summary.error} error, ${report.summary.skip} skip`
    } catch { says = runner.ended() ? runner.err().trim().split('\n')[0].slice(0, 160) : 'did not end' }
    says += ` (${runner.seconds.toFixed(1)} s, ${runner.memory.toFixed(0)} MB)`
  }
  mock.child.kill('SIGTERM')
  await mock.end
  const operations = tally.right + tally.skipped + tally.wrong.length
  console.log(`| ${basename(file)} | ${operations} | ${mock.seconds.toFixed(1)} s | ${mock.memory.toFixed(0)} MB | ${tally.right} | ${tally.wrong.length} | ${tally.skipped} | ${says} |`)
  if (process.env.VERBOSE) for (const w of tally.wrong.slice(0, Number(process.env.VERBOSE))) console.log('    ' + w)
}
rmSync(folder, { recursive: true })
