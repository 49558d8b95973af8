// Every key of the schema, changed one at a time: exactly the object it belongs to gets another fingerprint.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPlan } from '../../src/config/load-plan.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { SchemaNode, SettingsFragment } from '../../src/schema-node.ts'
import { testdir } from '../support/testdir.ts'
import { fragments, language } from './language.ts'
import { registry } from './registry.ts'

type Node = SchemaNode
const schema = language as SchemaNode & { readonly definitions: Readonly<Record<string, SchemaNode>> }

/** What a channel of this type cannot do without, other than its example. */
function leastOf(type: string, { required = [], properties = {} }: SettingsFragment): object {
  const entries = required.map((key) => {
    const { 'x-secret': isSecret, pattern = '', examples = [] } = properties[key] ?? {}
    const other = isSecret === true ? `${key}-1` : `${examples[0]}-1`
    return [key, new RegExp(pattern).test(other) ? other : examples[0]]
  })
  return { ...Object.fromEntries(entries), ...(type === 'http' ? { allowFrom: ['me'] } : {}) }
}

const BASE = {
  agents: { main: { soul: 'x' }, other: { soul: 'y' }, researcher: { soul: 'z' } },
  models: { demo: { provider: 'scripted' }, local: { provider: 'openai', baseURL: 'http://127.0.0.1:1' } },
  identityLinks: { mehdi: ['telegram:123'] },
  owners: ['http:me'],
  channels: Object.fromEntries(Object.entries(fragments).map(([type, fragment]) => [type, leastOf(type, fragment)])),
  routing: {
    defaultAgent: 'main',
    rules: [
      { prefix: '/one', agentId: 'other' },
      { prefix: '/two', agentId: 'other' },
    ],
  },
  heartbeats: [
    { name: 'a', schedule: '0 7 * * *', agent: 'other', prompt: 'hi' },
    { name: 'b', schedule: '0 8 * * *', agent: 'other', prompt: 'hi' },
  ],
}

const follow = (node: Node): Node => {
  if (node.$ref === undefined) return node
  let target: unknown = schema
  for (const part of node.$ref.slice(2).split('/')) target = (target as Record<string, unknown>)[part]
  return { ...follow(target as Node), ...(node.examples === undefined ? {} : { examples: node.examples }) }
}

/** What each object's fingerprint is. */
function prints(plan: Plan): Readonly<Record<string, string>> {
  const all: Record<string, string> = { gateway: plan.gateway.fingerprint }
  for (const [kind, map] of Object.entries({ agent: plan.agents, channel: plan.channels, model: plan.models })) {
    for (const [id, object] of map) all[`${kind}:${id}`] = object.fingerprint
  }
  for (const rule of plan.rules) all[`rule:${rule.index}`] = rule.fingerprint
  for (const [index, heartbeat] of plan.heartbeats.entries()) all[`heartbeat:${index}`] = heartbeat.fingerprint
  return all
}

const folder = testdir(t, {
  'openclaw.yaml': '',
  agents: { jarvis: { 'SOUL.md': 'soul' } },
  examples: { 'demo.script.yaml': 'replies: []' },
  skills: { github: { 'SKILL.md': 'skill' } },
})

async function printsOf(config: object): Promise<Readonly<Record<string, string>> | null> {
  const file = join(folder, 'openclaw.yaml')
  writeFileSync(file, JSON.stringify(config, null, 1))
  const env = { TELEGRAM_BOT_TOKEN: 'other-1', CLAW_TOKEN: 'other-2' }
  const { plan } = await loadPlan(file, { registry, env })
  return plan === null ? null : prints(plan)
}

/** Sets a path of a copy. */
function changed(path: readonly (string | number)[], value: unknown): object {
  const copy = structuredClone(BASE)
  let at = copy as unknown as Record<string | number, unknown>
  for (const part of path.slice(0, -1)) {
    at[part] ??= {}
    at = at[part] as Record<string | number, unknown>
  }
  at[path.at(-1)!] = value
  return copy
}

/** A value next to the default, for keys whose example is the default. */
function near({ default: value, type }: Node): readonly unknown[] {
  if (typeof value === 'number') return [type === 'integer' ? value + 1 : value / 2]
  return value === '127.0.0.1' ? ['localhost'] : typeof value === 'string' ? [`${value}x`] : []
}

/** Leaves of a section with a value that differs from the default. */
function* leaves(
  node: Node,
  path: readonly (string | number)[],
): Generator<{ path: readonly (string | number)[]; values: readonly unknown[] }> {
  for (const [key, reference] of Object.entries(node.properties ?? {})) {
    const child = follow(reference)
    if (child.properties !== undefined && !('x-secret' in child)) yield* leaves(child, [...path, key])
    else {
      const values = [...(child.examples ?? []), ...(child.enum ?? []), ...near(child)].filter(
        (value) => JSON.stringify(value) !== JSON.stringify(child.default),
      )
      yield { path: [...path, key], values }
    }
  }
}

const sections: readonly { at: readonly (string | number)[]; schema: Node; owner: string; skip?: readonly string[] }[] = [
  { at: ['agents', 'main'], schema: schema.definitions['agent']!, owner: 'agent:main' },
  { at: ['gateway'], schema: schema.properties!['gateway']!, owner: 'gateway' },
  { at: ['routing', 'rules', 0], schema: schema.definitions['rule']!, owner: 'rule:0' },
  { at: ['heartbeats', 0], schema: schema.definitions['heartbeat']!, owner: 'heartbeat:0', skip: ['timezone'] },
  { at: ['models', 'local'], schema: schema.definitions['model']!, owner: 'model:local' },
  ...Object.keys(BASE.channels).map((id) => ({
    at: ['channels', id],
    schema: schema.definitions[`channel-${id}`]!,
    owner: `channel:${id}`,
    skip: ['type'],
  })),
]

for (const section of sections) {
  t.test(section.owner, async (t) => {
    const before = await printsOf(BASE)
    t.ok(before, 'the base is valid')
    let tried = 0
    const passedOver: string[] = []
    for (const { path, values } of leaves(section.schema, section.at)) {
      if (section.skip?.includes(String(path.at(-1)))) continue
      const name = path.join('.')
      let after: Readonly<Record<string, string>> | null = null
      for (const value of values) {
        after = await printsOf(changed(path, value))
        if (after !== null && JSON.stringify(after) !== JSON.stringify(before)) break
      }
      if (after === null) {
        passedOver.push(name)
        continue
      }
      tried++
      const differ = Object.keys(after).filter((key) => after[key] !== before![key])
      t.same(differ, [section.owner], name)
    }
    t.ok(tried > 3)
    t.same(passedOver, [], 'every key was tried')
  })
}
