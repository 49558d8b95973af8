// A merged document in, every place that defines or mentions an agent, a channel, a link or a model service, out.

import { entryOf, type MapNode, type ScalarNode, type SourceText, type TreeNode } from '../config/yaml/tree.ts'

export type NameKind = 'agent' | 'channel' | 'link' | 'model'

export interface Occurrence {
  readonly kind: NameKind
  readonly name: string
  readonly source: SourceText
  /** Offsets of the name itself, without quotes and without what stands beside it. */
  readonly start: number
  readonly end: number
  readonly isDefinition: boolean
}

/** Sections whose keys are names. */
export const SECTIONS: Readonly<Record<NameKind, string>> = {
  agent: 'agents',
  channel: 'channels',
  link: 'identityLinks',
  model: 'models',
}

/** Keys whose values mention a name, wherever the language has them. `person`: a link, or an identity, which begins with a channel. */
export const MENTIONS: Readonly<Record<string, NameKind | 'person'>> = {
  agentId: 'agent',
  agent: 'agent',
  defaultAgent: 'agent',
  subagents: 'agent',
  channelId: 'channel',
  owners: 'person',
  allowFrom: 'person',
  approvers: 'person',
  for: 'person',
  deliverTo: 'person',
  sendTo: 'person',
  target: 'person',
  model: 'model',
  fallbacks: 'model',
  offline: 'model',
  evalModel: 'model',
}

/** Sections where such keys are words of other programs, or hold what is sent to a service. */
const APART: ReadonlySet<string> = new Set(['models', 'transcription', 'speech', 'search', 'tools', 'mcpServers', 'telemetry'])

export interface Names {
  readonly all: readonly Occurrence[]
  /** Those of one kind that the file defines. */
  defined(kind: NameKind): readonly string[]
  at(file: string, offset: number): Occurrence | undefined
  of(kind: NameKind, name: string): readonly Occurrence[]
}

export function namesIn(root: MapNode): Names {
  const all: Occurrence[] = []
  const section = (kind: NameKind): MapNode | undefined => {
    const value = entryOf(root, SECTIONS[kind])?.value
    return value?.kind === 'map' ? value : undefined
  }
  for (const kind of Object.keys(SECTIONS) as NameKind[]) {
    for (const { key, source, keyStart, keyEnd } of section(kind)?.entries ?? []) {
      if (key.startsWith('x-') && kind !== 'link') continue
      all.push({ kind, name: key, source, ...inner(source, keyStart, keyEnd), isDefinition: true })
    }
  }
  const known = new Map<NameKind, ReadonlySet<string>>(
    (Object.keys(SECTIONS) as NameKind[]).map((kind) => [kind, new Set(section(kind)?.entries.map(({ key }) => key) ?? [])]),
  )
  for (const { key, value } of root.entries) {
    if (key === SECTIONS.link) identities(value)
    else if (!APART.has(key)) visit(value, key)
  }

  /** `key`: the nearest one above. */
  function visit(node: TreeNode, key: string): void {
    if (node.kind === 'map') for (const entry of node.entries) visit(entry.value, entry.key)
    else if (node.kind === 'list') for (const item of node.items) visit(item, key)
    else mention(node, MENTIONS[key])
  }

  function identities(node: TreeNode): void {
    if (node.kind === 'map') for (const entry of node.entries) identities(entry.value)
    else if (node.kind === 'list') for (const item of node.items) identities(item)
    else mention(node, 'person')
  }

  function mention(node: ScalarNode, kind: NameKind | 'person' | undefined): void {
    if (kind === undefined || node.value === null) return
    const { source } = node
    const { start, end } = inner(source, node.start, node.end)
    const text = source.text.slice(start, end)
    const add = (of: NameKind, name: string): void =>
      void all.push({ kind: of, name, source, start, end: start + name.length, isDefinition: false })
    if (kind === 'person') {
      const colon = text.indexOf(':')
      if (colon > 0) add('channel', text.slice(0, colon))
      else if (known.get('link')?.has(text) === true) add('link', text)
    } else if (kind === 'model') {
      const name = text.split('/')[0] ?? ''
      if (known.get('model')?.has(name) === true) add('model', name)
    } else add(kind, text)
  }

  return {
    all,
    defined: (kind) => [...(known.get(kind) ?? [])].filter((name) => !name.startsWith('x-')),
    at: (file, offset) => all.find((one) => one.source.file === file && offset >= one.start && offset <= one.end),
    of: (kind, name) => all.filter((one) => one.kind === kind && one.name === name),
  }
}

function inner({ text }: SourceText, start: number, end: number): { start: number; end: number } {
  const quote = text.charAt(start)
  return (quote === '"' || quote === "'") && text.charAt(end - 1) === quote && end - start > 1
    ? { start: start + 1, end: end - 1 }
    : { start, end }
}
