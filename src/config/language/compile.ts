// A type of channel that was not known when the validator was made → what checks an entry of it. ajv loads here, so only bots with
// channels of their own come here.

import { Ajv } from 'ajv'
import type { SchemaNode } from '../../schema-node.ts'
import type { Validate } from '../generated/validator.ts'
import { channelRef } from './merge.ts'

const KEYWORDS = ['x-id', 'x-secret', 'x-duration', 'x-pattern', 'x-name', 'markdownEnumDescriptions', 'markdownDescription']
const OPTIONS = { allErrors: true, allowUnionTypes: true, strictTypes: false, strictRequired: false, messages: false } as const

const validators = new WeakMap<SchemaNode, Map<string, Validate>>()

export function channelValidator(language: SchemaNode, type: string): Validate {
  const known = validators.get(language) ?? new Map<string, Validate>()
  validators.set(language, known)
  const validate = known.get(type) ?? compile(language, type)
  known.set(type, validate)
  return validate
}

/** Only what an entry can refer to: the whole language takes more than a second. */
function compile({ definitions = {} }: SchemaNode, type: string): Validate {
  const ajv = new Ajv({ ...OPTIONS, inlineRefs: false, unicodeRegExp: false, keywords: KEYWORDS })
  const $ref = channelRef(type)
  return ajv.compile({ $ref, definitions: reachable(definitions, $ref) }) as Validate
}

/** The definitions that a reference leads to, directly or by others. */
function reachable(definitions: Readonly<Record<string, SchemaNode>>, ref: string): Record<string, SchemaNode> {
  const found: Record<string, SchemaNode> = {}
  const open = [ref]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const name = next.split('/')[2] ?? ''
    const definition = definitions[name]
    if (definition === undefined || name in found) continue
    found[name] = definition
    open.push(...[...JSON.stringify(definition).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to as string))
  }
  return found
}
