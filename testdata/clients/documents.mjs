// Runs both programs over OpenAPI documents and prints a row for each: what
// loads, how long and in how much memory, how many operations the mock serves
// with a response that an independent validator (ajv) accepts, and what the
// runner says of the mock. See .ci/documents.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { valid } from './mended.mjs'

const [bin, modules, ...sources] = process.argv.slice(2)
const require = createRequire(join(modules, 'package.json'))
const { default: Ajv } = require('ajv/dist/2020.js')
const addFormats = require('ajv-formats')
const YAML = require('yaml')
const sampler = require('openapi-sampler')
const RandExp = require('randexp')

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

const kinds = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']

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
  if (s.type !== undefined) {
    const known = [s.type].flat().map(t => ({ bool: 'boolean', int: 'integer', float: 'number' })[t] ?? t).filter(t => kinds.includes(t))
    if (known.length) s.type = Array.isArray(s.type) ? known : known[0]
    else delete s.type
  }
  if (!Array.isArray(s.required)) delete s.required // which nothing can be meant by
  if (Array.isArray(s.enum) && !s.enum.length) delete s.enum
  for (const [flag, at] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']]) {
    if (s[flag] === true && s[at] !== undefined) { s[flag] = s[at]; delete s[at] } else if (typeof s[flag] === 'boolean') delete s[flag]
  }
  if (is30) {
    if (s.nullable && typeof s.type === 'string') {
      s.type = [s.type, 'null']
      if (s.enum) s.enum = [...s.enum, null]
    }
  }
  const { propertyName, mapping = {} } = node.discriminator ?? {}
  if ((node.oneOf || node.anyOf) && propertyName) {
    const refs = (node.oneOf ?? node.anyOf).map(b => b.$ref).filter(ref => ref && !Object.values(mapping).includes(ref))
    const names = [...Object.keys(mapping), ...refs.map(ref => ref.slice(ref.lastIndexOf('/') + 1))]
    s.allOf = [{ required: [propertyName], ...(node.discriminator.mapping ? { properties: { [propertyName]: { enum: [...names, true, false] } } } : {}) }]
    const named = Object.entries(mapping).filter(([, ref]) => String(ref).startsWith('#/'))
    s.allOf = [...(jsonSchema(node.allOf, is30) ?? []), ...s.allOf, ...named.map(([value, $ref]) => ({ if: { properties: { [propertyName]: { const: value } }, required: [propertyName] }, then: jsonSchema({ $ref }, true) }))]
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

// answered is a schema of what is answered, in which nothing that is only written is required.
function answered(node) {
  if (Array.isArray(node)) return node.map(answered)
  if (!node || typeof node !== 'object') return node
  const s = Object.fromEntries(Object.entries(node).map(([k, v]) => [k, answered(v)]))
  if (Array.isArray(s.required)) s.required = s.required.filter(name => s.properties?.[name]?.writeOnly !== true)
  return s
}

// absolute lets the references of a schema that is compiled alone lead into the document.
function absolute(node) {
  if (Array.isArray(node)) return node.map(absolute)
  if (!node || typeof node !== 'object') return node
  return Object.fromEntries(Object.entries(node).map(([k, v]) => [k, k === '$ref' && typeof v === 'string' ? v.replace(/^#/, 'doc:/#') : absolute(v)]))
}

// regExp reads a pattern as leniently as engines do that know no flag u.
function regExp(pattern, flags) {
  const inline = /^\(\?i\)/.test(pattern)
  try { return new RegExp(pattern, flags) } catch { return new RegExp(inline ? pattern.slice(4) : pattern, inline ? 'i' : '') }
}
regExp.code = 'regExp'

function isJSON(type) { return /^application\/([^;]+\+)?json/i.test(type) }

// pairs writes a value as a form does whose names have brackets.
function pairs(value, name = '') {
  if (!value || typeof value !== 'object') return [[name, value === null ? '' : String(value)]]
  return Object.entries(value).flatMap(([k, v]) => pairs(v, name === '' ? k : Array.isArray(value) && (v === null || typeof v !== 'object') ? name + '[]' : `${name}[${k}]`))
}

// parameter writes a value in the style of a parameter: names and texts.
function parameter(p, value) {
  const style = p.style ?? (p.in === 'query' || p.in === 'cookie' ? 'form' : 'simple')
  const explode = p.explode ?? style === 'form'
  if (p.content) return [[p.name, isJSON(Object.keys(p.content)[0]) ? JSON.stringify(value) : String(value)]]
  if (style === 'deepObject') return pairs(value, p.name)
  if (style === 'matrix' && explode) {
    const list = value && typeof value === 'object' ? Object.entries(value).map(([k, v]) => Array.isArray(value) ? [p.name, v] : [k, v]) : [[p.name, value]]
    return [[p.name, list.map(([k, v]) => `;${k}=${encodeURIComponent(v)}`).join('')]]
  }
  const escape = p.in === 'path' ? encodeURIComponent : String
  const front = { label: '.', matrix: `;${p.name}=` }[style] ?? ''
  const between = style === 'label' && explode ? '.' : { spaceDelimited: ' ', pipeDelimited: '|' }[style] ?? ','
  if (Array.isArray(value)) {
    if (value.some(v => typeof v === 'object')) throw new Error('skip: objects in a list as a parameter')
    if (style === 'form' && explode) return value.map(v => [p.name, String(v)])
    return [[p.name, front + value.map(escape).join(between)]]
  }
  if (value && typeof value === 'object') {
    if (style === 'form' && explode) return Object.entries(value).map(([k, v]) => [k, String(v)])
    if (Object.values(value).some(v => typeof v === 'object')) throw new Error('skip: an object in an object as a parameter')
    return [[p.name, front + Object.entries(value).map(([k, v]) => explode ? `${k}=${escape(v)}` : `${k},${escape(v)}`).join(between)]]
  }
  return [[p.name, front + escape(value)]]
}

// written is a value as the body of a media type, undefined for one that this
// script cannot write.
function written(type, value) {
  if (isJSON(type) || type === '*/*') return JSON.stringify(value)
  if (/^application\/x-www-form-urlencoded/i.test(type)) return new URLSearchParams(pairs(value)).toString()
  if (/^multipart\/form-data/i.test(type)) {
    const form = new FormData()
    if (!value || typeof value !== 'object' || Array.isArray(value)) value = { file: value }
    for (const [name, v] of Object.entries(value ?? {})) {
      for (const each of Array.isArray(v) ? v : [v]) form.append(name, each && typeof each === 'object' ? new Blob([JSON.stringify(each)], { type: 'application/json' }) : String(each))
    }
    return form
  }
  if (/xml|^multipart/i.test(type)) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

// serve asks the mock for every operation, and judges what it answers.
async function serve(doc, base) {
  const is30 = String(doc.openapi).startsWith('3.0')
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false, code: { regExp } })
  addFormats(ajv)
  const root = { $id: 'doc:/', ...jsonSchema({ components: doc.components ?? {}, paths: doc.paths }, is30) }
  ajv.addSchema(answered(root))
  const compile = (by, schema) => { try { return by.compile(schema) } catch (e) { throw new Error('skip: ' + e.message) } }
  const exact = new Ajv({ strict: false, logger: false, allErrors: true, verbose: true, code: { regExp } }) // what is sent fits its formats
  addFormats(exact)
  exact.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i)
  exact.addSchema(root)
  const escape = t => encodeURIComponent(String(t).replaceAll('~', '~0').replaceAll('/', '~1'))
  // fitting is an example, or a value made from the schema, that the schema takes.
  const fitting = (media, fits, what, plain = []) => {
    const tries = [media.example, ...Object.values(media.examples ?? {}).map(e => follow(doc, e).value), ...plain]
    for (const options of [{}, { skipNonRequired: true }]) {
      try { tries.push(sampler.sample(media.schema ?? {}, { quiet: true, skipReadOnly: true, ...options }, doc)) } catch {}
    }
    let value
    try { value = valid(fits, tries, schema => sampler.sample(JSON.parse(JSON.stringify(schema).replaceAll('"doc:/#', '"#')), { quiet: true, skipReadOnly: true, skipNonRequired: true }, doc), RandExp) } catch (e) { throw new Error('skip: ' + e.message) }
    if (value === undefined) throw new Error(`skip: no valid ${what} made: ${exact.errorsText(fits.errors).slice(0, 200)}`)
    return value
  }
  const tally = { right: 0, skipped: [], wrong: [] }
  for (const [path, item] of Object.entries(doc.paths ?? {})) {
    for (const method of ['get', 'put', 'post', 'delete', 'patch', 'head', 'options']) {
      const op = follow(doc, item)?.[method]
      if (!op || /[?#]/.test(path)) continue
      const name = `${method.toUpperCase()} ${path}`
      try {
        let target = path
        const query = new URLSearchParams(), headers = { 'x-api-key': key, authorization: `Bearer ${key}` }, cookies = []
        const parameters = new Map([follow(doc, item).parameters, op.parameters].flatMap(list => Array.isArray(list) ? list : []).map(p => follow(doc, p)).map(p => [p.in + p.name, p]))
        for (const p of parameters.values()) {
          if (!p.required && p.in !== 'path' || p.in === 'header' && /^(accept|content-type|authorization|content-length|host)$/i.test(p.name)) continue
          const schema = p.schema ?? Object.values(p.content ?? {})[0]?.schema ?? {}
          const holder = { ...absolute(jsonSchema(schema, is30)) }
          const listed = schema.type === 'array' && !schema.minItems ? { minItems: 1 } : {} // an empty one is not sent
          Object.assign(holder, listed)
          const fits = compile(exact, p.in === 'path' ? { allOf: [holder], not: { const: '' } } : holder)
          const value = fitting({ ...p, schema: { ...schema, ...listed } }, fits, `parameter ${p.name}`, Array.isArray(schema.enum) ? schema.enum : Object.keys(schema).length ? [] : ['1'])
          for (const [named, text] of parameter(p, value)) {
            if (p.in === 'path') target = target.replace(`{${p.name}}`, text)
            if (p.in === 'query') query.append(named, text)
            if (p.in === 'header') headers[named.toLowerCase()] = text
            if (p.in === 'cookie') cookies.push(`${named}=${text}`)
          }
        }
        const schemes = doc.components?.securitySchemes ?? {}
        const known = (op.security ?? doc.security ?? []).filter(requirement => Object.keys(requirement).every(name => schemes[name]))
        for (const scheme of Object.keys(known[0] ?? {})) {
          const s = follow(doc, schemes[scheme])
          if (s.type === 'apiKey' && s.in === 'query') query.set(s.name, key)
          if (s.type === 'apiKey' && s.in === 'header') headers[s.name.toLowerCase()] = key
          if (s.type === 'apiKey' && s.in === 'cookie') cookies.push(`${s.name}=${key}`)
          if (s.type === 'http' && /basic/i.test(s.scheme)) headers.authorization = 'Basic ' + Buffer.from(`user:${key}`).toString('base64')
          else if (s.type === 'http') headers.authorization = `${s.scheme ?? 'Bearer'} ${key}`
        }
        if (cookies.length) headers.cookie = cookies.join('; ')
        let body
        const content = follow(doc, op.requestBody).content
        if (content && Object.keys(content).length && method !== 'get' && method !== 'head') {
          const types = Object.keys(content)
          const type = types.find(t => isJSON(t) && !/\*/.test(t)) ?? types.find(isJSON) ?? types.find(t => /^(application\/x-www-form-urlencoded|multipart\/form-data)/i.test(t)) ?? types.find(t => !/xml|^multipart/i.test(t))
          if (!type) throw new Error('skip: no body of ' + types)
          const media = content[type]
          const at = (op.requestBody.$ref?.slice(1) ?? `/paths/${escape(path)}/${method}/requestBody`) + `/content/${escape(type)}/schema`
          const value = fitting(media, media.schema ? compile(exact, { $ref: 'doc:/#' + at }) : () => true, 'body')
          body = written(type, value)
          if (!(body instanceof FormData)) headers['content-type'] = type.replace('*/*', 'application/json').replace('*+', 'x+').replace('/*', '/plain')
        }
        const own = (op.servers ?? follow(doc, item).servers)?.[0]
        let beneath = base
        if (own?.url) {
          const named = own.url.replaceAll(/\{([^}]*)\}/g, (_, name) => own.variables?.[name]?.default ?? '')
          beneath = new URL(base).origin + new URL(named, base + '/').pathname.replace(/\/$/, '')
        }
        const began = Date.now()
        const answer = await fetch(beneath + target + (query.size ? '?' + query : ''), { method: method.toUpperCase(), headers, body, signal: AbortSignal.timeout(10000), redirect: 'manual' })
        const text = await answer.text()
        const code = String(answer.status)
        const responses = op.responses ?? {}
        const documented = Object.keys(responses).find(c => c === code) ?? Object.keys(responses).find(c => c.toUpperCase() === code[0] + 'XX') ?? (responses.default ? 'default' : undefined)
        if (!documented && Object.keys(responses).some(c => !/^x-/.test(c))) throw new Error(`${code} is not documented: ${text.slice(0, 200)}`)
        if (answer.status >= 400 && Object.keys(responses).some(c => /^([23]|default)/.test(c))) throw new Error(`${code} to a valid request: ${text.slice(0, 200)}`)
        if (Date.now() - began > 1000) throw new Error(`${code} took ${Date.now() - began} ms`)
        if (text.length > 1 << 20) throw new Error(`${code}: ${text.length} bytes`)
        const response = follow(doc, responses[documented])
        for (const [field, declared] of Object.entries(response.headers ?? {})) {
          if (follow(doc, declared).required && !/^content-type$/i.test(field) && !answer.headers.has(field)) throw new Error(`${code}: no header ${field}`)
        }
        const types = Object.keys(response.content ?? {}), sent = answer.headers.get('content-type') ?? ''
        const type = types.find(isJSON)
        const bare = t => t.split(';')[0].trim().toLowerCase()
        if (types.length && ![204, 205, 304].includes(answer.status) && method !== 'head' && !types.some(t => bare(t) === bare(sent) || /\*/.test(t))) throw new Error(`${code}: Content-Type ${sent}, not ${types}`)
        if (type && isJSON(sent) && response.content[type].schema && method !== 'head' && ![204, 205, 304].includes(answer.status)) {
          const ref = responses[documented].$ref
          const check = compile(ajv, { $ref: `doc:/#${ref ? ref.slice(1) : `/paths/${escape(path)}/${method}/responses/${documented}`}/content/${escape(type)}/schema` })
          let right
          try { right = check(JSON.parse(text)) } catch (e) { throw new Error(`${e instanceof RangeError ? 'skip: ' : ''}${code}: ${e.message}`) }
          if (!right) throw new Error(`${code}: ${ajv.errorsText(check.errors).slice(0, 200)}`)
        }
        tally.right++
      } catch (e) {
        if (/^skip/.test(e.message)) tally.skipped.push(`${name}: ${e.message.slice(6)}`)
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
  const { base_url, control_url } = JSON.parse(readFileSync(address, 'utf8'))
  const base = base_url.replace(/\/$/, '')
  let doc, tally = { right: 0, skipped: [], wrong: [] }
  try {
    doc = YAML.parse(await (await fetch(control_url + '/contract')).text(), { merge: true, maxAliasCount: 10000, logLevel: 'silent' })
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
  const operations = tally.right + tally.skipped.length + tally.wrong.length
  console.log(`| ${basename(file)} | ${operations} | ${mock.seconds.toFixed(1)} s | ${mock.memory.toFixed(0)} MB | ${tally.right} | ${tally.wrong.length} | ${tally.skipped.length} | ${says} |`)
  const most = Number(process.env.VERBOSE ?? 0)
  for (const w of tally.wrong.slice(0, most)) console.log('    ' + w)
  for (const s of tally.skipped.slice(0, most)) console.log('    not tried: ' + s)
}
rmSync(folder, { recursive: true })
