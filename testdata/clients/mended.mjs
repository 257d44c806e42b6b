// Makes values that a schema takes, for documents.mjs: of what a sampler makes by
// an outline of the schema, the first that fits, or that can be mended until it does.
const texts = {
  'date-time': '2026-01-02T03:04:05Z', date: '2026-01-02', time: '03:04:05Z', duration: 'PT1H', email: 'user@example.com', uuid: '10000000-0000-4000-8000-000000000000',
  uri: 'https://example.com/', url: 'https://example.com/', 'uri-reference': '/a', 'uri-template': '/{a}', hostname: 'example.com', ipv4: '192.0.2.1', ipv6: '2001:db8::1', byte: 'bm94', 'json-pointer': '/a', regex: 'a',
}

// valid is the first of some values that ajv's validate takes or that can be mended.
// Of the branches of a oneOf sample makes a value; RandExp makes texts for patterns.
export function valid(validate, tries, sample, RandExp) {
  const given = tries.filter(value => value !== undefined)
  const fitting = given.findIndex(value => validate(value))
  if (fitting >= 0) return given[fitting]
  for (const value of [...given.reverse(), {}]) {
    const mended = mend(validate, value, sample, RandExp)
    if (mended !== undefined) return mended
  }
}

function mend(validate, value, sample, RandExp) {
  const holder = { value: structuredClone(value) }
  for (let round = 0; round < 80; round++) {
    if (validate(holder.value)) return holder.value
    const choices = validate.errors.filter(e => e.keyword === 'oneOf' || e.keyword === 'anyOf')
    const plain = validate.errors.filter(e => !['oneOf', 'anyOf', 'if', 'not'].includes(e.keyword))
    const choose = choices.length && (round % 8 === 5 || !plain.length)
    const error = choose ? choices.at(-1) : plain.at(round % 4 === 3 ? -1 : 0)
    if (!error) return undefined
    const path = ['value', ...error.instancePath.split('/').slice(1).map(t => t.replaceAll('~1', '/').replaceAll('~0', '~'))]
    const last = path.pop()
    const parent = path.reduce((at, name) => at?.[name], holder)
    if (parent === undefined || parent === null) return undefined
    const branches = error.parentSchema[error.keyword]
    if (choose && !Array.isArray(branches)) return undefined
    parent[last] = choose ? sample(branches[(round >> 3) % branches.length]) : better(parent[last], error, round, RandExp)
    if (parent[last] === undefined) Array.isArray(parent) ? parent.splice(Number(last), 1) : delete parent[last]
  }
}

// better is a value that no longer has one fault; undefined if it is better left out.
function better(value, { keyword, params, parentSchema: schema }, round, RandExp) {
  switch (keyword) {
    case 'type': return plainest(schema, params.type)
    case 'required': case 'dependentRequired': {
      const name = params.missingProperty
      return { ...value, [name]: plainest(schema.properties?.[name] ?? {}) }
    }
    case 'enum': return schema.enum[round % schema.enum.length]
    case 'const': return schema.const
    case 'pattern': case 'minLength': case 'maxLength': case 'format': return text(schema, round, RandExp)
    case 'minimum': case 'maximum': return params.limit
    case 'exclusiveMinimum': return params.limit + (schema.multipleOf ?? 1)
    case 'exclusiveMaximum': return params.limit - (schema.multipleOf ?? 1)
    case 'multipleOf': return Math.ceil(value / params.multipleOf) * params.multipleOf
    case 'minItems': return [...value, ...Array(Math.min(params.limit, 1000) - value.length).fill().map(() => structuredClone(value[0] ?? plainest(schema.items ?? {})))]
    case 'maxItems': return value.slice(0, params.limit)
    case 'uniqueItems': return value.filter((_, i) => i !== params.i)
    case 'minProperties': return { ...value, [Object.keys(schema.properties ?? {}).find(k => !(k in value)) ?? 'property' + round]: 'a' }
    case 'maxProperties': return Object.fromEntries(Object.entries(value).slice(0, params.limit))
    case 'additionalProperties': case 'unevaluatedProperties': {
      const { [params.additionalProperty ?? params.unevaluatedProperty]: _, ...rest } = value
      return rest
    }
  }
}

function plainest(schema, type = schema.type) {
  if (schema.const !== undefined || schema.enum) return schema.const ?? schema.enum[0]
  if (schema.default !== undefined) return schema.default
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string': return texts[schema.format] ?? 'a'
    case 'integer': case 'number': return 1
    case 'boolean': return true
    case 'array': return []
    case 'null': return null
    case 'object': return {}
  }
  return schema.$ref || schema.properties || schema.allOf || schema.oneOf || schema.anyOf ? {} : 'a'
}

function text({ pattern, format, minLength = 0, maxLength = 100 }, round, RandExp) {
  if (!pattern) return (texts[format] ?? 'a').padEnd(minLength, 'a').slice(0, maxLength)
  const made = new RandExp(pattern)
  made.max = round % 2 ? Math.min(maxLength, 100) : Math.min(minLength, 200)
  made.randInt = (low, high) => round % 2 ? low + Math.floor(Math.random() * (high - low + 1)) : Math.max(low, Math.min(high, round + minLength))
  return made.gen()
}
