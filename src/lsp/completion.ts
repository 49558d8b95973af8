// A place in a text in, what can be written there, out: keys of the language, values it allows, names in scope.

import { type CompletionItem, CompletionItemKind, MarkupKind } from 'vscode-languageserver'
import { mapAt, textAt } from '../config/document.ts'
import { endOf, modelTable } from '../models/known-models.ts'
import type { Registry } from '../registry.ts'
import type { SchemaNode } from '../schema-node.ts'
import { type Cursor, cursorAt } from './cursor.ts'
import { type Language, languageFor } from './language.ts'
import { MENTIONS, type NameKind } from './names.ts'
import type { Project } from './projects.ts'

export interface Scope {
  readonly language: Language
  readonly registry: Registry
  readonly project: Project | undefined
}

export const scopeOf = (project: Project | undefined, registry: Registry): Scope => {
  const whole = project?.loaded.registry ?? registry
  return { language: languageFor(whole), registry: whole, project }
}

/** What type a channel's entry is of, by what was last read. */
export function channelTypeOf({ project }: Scope, id: string): string {
  return textAt(mapAt(project?.document?.value, 'channels')[id], 'type') ?? id
}

export function complete(scope: Scope, text: string, offset: number): readonly CompletionItem[] {
  const cursor = cursorAt(text, offset)
  const node = scope.language.at(cursor.path, (id) => channelTypeOf(scope, id))
  if (cursor.spot === 'key') {
    const section = cursor.path.length === 1 ? NAMES_WITH_FORM[String(cursor.path[0])] : undefined
    if (section !== undefined) return section(scope, cursor)
    if (node?.properties !== undefined) return keysOf(node, cursor)
  }
  return valuesOf(scope, node, cursor)
}

const documentation = (value: string | undefined): Pick<CompletionItem, 'documentation'> =>
  value === undefined ? {} : { documentation: { kind: MarkupKind.Markdown, value } }

function keysOf(node: SchemaNode, { taken }: Cursor): readonly CompletionItem[] {
  const required = new Set(node.required ?? [])
  return Object.entries(node.properties ?? {})
    .filter(([key]) => !taken.includes(key))
    .map(([key, child]) => ({
      label: key,
      kind: CompletionItemKind.Property,
      insertText: `${key}: `,
      sortText: `${required.has(key) ? 0 : 1}${key}`,
      ...documentation(child.markdownDescription ?? child.description),
      ...(required.has(key) ? { detail: 'required' } : {}),
    }))
}

/** Channels can be called like their type. */
const NAMES_WITH_FORM: Readonly<Record<string, (scope: Scope, cursor: Cursor) => readonly CompletionItem[]>> = {
  channels: ({ registry }, { taken }) =>
    registry.channels
      .filter(({ type }) => !taken.includes(type))
      .map(({ type }) => ({ label: type, kind: CompletionItemKind.Module, insertText: `${type}: `, detail: 'channel' })),
}

const value = (label: string, detail?: string, kind: CompletionItemKind = CompletionItemKind.Value): CompletionItem => ({
  label,
  kind,
  ...(detail === undefined ? {} : { detail }),
})

function valuesOf(scope: Scope, node: SchemaNode | undefined, cursor: Cursor): readonly CompletionItem[] {
  const items: CompletionItem[] = namesFor(scope, cursor)
  const allowed = node?.enum ?? node?.anyOf?.flatMap((one) => one.enum ?? []) ?? []
  allowed.forEach((one, index) => {
    items.push({ ...value(String(one)), ...documentation(node?.markdownEnumDescriptions?.[index]) })
  })
  if (node?.const !== undefined) items.push(value(String(node.const)))
  const types = [node?.type ?? []].flat()
  if (types.includes('boolean')) items.push(value('true'), value('false'))
  if (items.length === 0) {
    for (const example of node?.examples ?? [])
      if (typeof example !== 'object') items.push(value(String(example), 'for example', CompletionItemKind.Text))
  }
  const seen = new Set<string>()
  return items.filter(({ label }) => !seen.has(label) && seen.add(label))
}

/** Names that a key's value can be. */
function namesFor({ project, registry }: Scope, { key, path }: Cursor): CompletionItem[] {
  const names = project?.names()
  const defined = (kind: NameKind): CompletionItem[] =>
    (names?.defined(kind) ?? []).map((name) => value(name, kind, CompletionItemKind.Reference))
  const last = key ?? [...path].reverse().find((part) => typeof part === 'string')
  if (path[0] === 'models') return last === 'provider' ? registry.providers.map(({ type }) => value(type, 'model service')) : []
  if (last === 'tools' || last === 'notTools' || last === 'toolCalls' || last === 'notToolCalls')
    return registry.tools.map((tool) => ({
      ...value(tool.name, 'tool', CompletionItemKind.Function),
      ...documentation(tool.description),
    }))
  if (last === 'heartbeat')
    return (project?.plan?.heartbeats ?? []).map(({ name }) => value(name, 'heartbeat', CompletionItemKind.Reference))
  switch (last === undefined ? undefined : MENTIONS[last]) {
    case 'agent':
      return defined('agent')
    case 'channel':
      return defined('channel')
    case 'person':
      return [...defined('link'), ...identitiesIn(project)]
    case 'model':
      return [...defined('model'), ...knownModels()]
    default:
      return []
  }
}

const identitiesIn = (project: Project | undefined): CompletionItem[] =>
  [...(project?.plan?.linkOf ?? [])].map(([identity, link]) => value(identity, link, CompletionItemKind.Reference))

/** A bare name is Anthropic's. */
const knownModels = (): CompletionItem[] =>
  modelTable()
    .models.filter((model) => endOf(model, Date.now()) !== 'ended')
    .map(({ provider, id }) =>
      value(provider === 'anthropic' ? id : `${provider}/${id}`, provider, CompletionItemKind.EnumMember),
    )
